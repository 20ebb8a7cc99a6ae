// Fields of several request bodies.
import { type Custom, characters, type Fault, invalid, text } from '@chatapi/kit';
import type Joi from 'joi';

const MAX_CONTENT = 4000;

export const content = (): Joi.StringSchema => text({ max: MAX_CONTENT });

export const emptyContent = (): Fault => ({
  path: 'content',
  message: `content must have 1–${MAX_CONTENT} characters besides markup that acts`,
});

/** 1–64 characters that PostgreSQL can store. */
export const clientId = (): Joi.StringSchema =>
  characters(64).custom((value: string, h) =>
    value.isWellFormed() && !value.includes('\0') ? value : invalid(h, 'must be well-formed Unicode without NUL'),
  );

/** An empty `custom` is none. */
export const orNone = (custom: Custom | undefined): Custom | undefined =>
  custom === undefined || Object.keys(custom).length === 0 ? undefined : custom;
