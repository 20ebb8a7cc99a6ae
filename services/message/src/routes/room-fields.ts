// Fields of a room in request bodies.
import { text } from '@chatapi/kit';
import Joi from 'joi';

export const name = (): Joi.StringSchema => text({ max: 100, singleLine: true });
export const topic = (): Joi.StringSchema => text({ max: 500 });
export const visibility = (): Joi.StringSchema<'public' | 'private'> =>
  Joi.string<'public' | 'private'>().valid('public', 'private');
