// Schemas of responses and of frames to clients. The API documents are generated from them, and the
// end-to-end tests validate against the documents.
import Joi from 'joi';
import type { PageInfo } from './page.ts';

/** A type after JSON serialization: a Date is a string. */
export type Json<T> = T extends Date
  ? string
  : T extends (infer U)[]
    ? Json<U>[]
    : T extends object
      ? { [K in keyof T]: Json<T[K]> }
      : T;

type OptionalKeys<T> = { [K in keyof T]-?: object extends Pick<T, K> ? K : never }[keyof T];
type Always<T> = Joi.StrictSchemaMap<Omit<T, OptionalKeys<T>>>;
type Sometimes<T> = OptionalKeys<T> extends never ? [] : [Joi.StrictSchemaMap<Pick<T, OptionalKeys<T>>>];

/**
 * Schema of an object in a response or frame, named `title` in the API documents. The compiler
 * compares it with the type: `always` has the required fields, `sometimes` the optional ones.
 */
export function wireObject<T>(title: string, always: Always<T>, ...sometimes: Sometimes<T>): Joi.ObjectSchema<T> {
  const required = Object.entries(always).map(([name, schema]) => [name, (schema as Joi.Schema).required()]);
  return Joi.object({ ...Object.fromEntries(required), ...sometimes[0] }).meta({ title });
}

/** Fields of every page of a list. */
export const pageFields = () => ({
  has_more: Joi.boolean(),
  next_cursor: Joi.string().allow(null).description('`cursor` of the next page; null: this is the last one'),
});

/** One page of a list: `{ messages: [...], has_more, next_cursor }`. */
export const wireList = <K extends string, T>(
  title: string,
  name: K,
  item: Joi.ObjectSchema<T>,
): Joi.ObjectSchema<Record<K, T[]> & PageInfo> => {
  const { has_more, next_cursor } = pageFields();
  return Joi.object({
    [name]: Joi.array().items(item).required(),
    has_more: has_more.required(),
    next_cursor: next_cursor.required(),
  }).meta({ title });
};

/** A time in a response. */
export const time = (): Joi.StringSchema => Joi.string().isoDate();
/** A text in a response, possibly empty. */
export const anyText = (): Joi.StringSchema => Joi.string().allow('');
export const count = (): Joi.NumberSchema => Joi.number().integer().min(0);
/** An enum field of a response. */
export const oneOf = <T extends string>(...values: T[]): Joi.StringSchema<T> => Joi.string<T>().valid(...values);
