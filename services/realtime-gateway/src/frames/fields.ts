import { characters, invalid } from '@chatapi/kit';
import Joi from 'joi';

export const seq = () => Joi.number().integer().min(0).max(Number.MAX_SAFE_INTEGER);

export const clientId = () =>
  characters(64).custom((value: string, h) =>
    value.isWellFormed() ? value : invalid(h, 'is not well-formed Unicode'),
  );
