// Pages of lists: `limit`, and `skip` or `cursor`. A cursor holds the values by which the list is
// sorted, of the last item of the page before. It is opaque to clients.
import Joi from 'joi';
import { anyId } from './ids.ts';
import { invalid } from './text/text-fields.ts';

export type CursorKey = readonly (string | number)[];

export interface Paging<K extends CursorKey = CursorKey> {
  limit: number;
  skip: number;
  cursor?: K;
}

export interface PageInfo {
  has_more: boolean;
  next_cursor: string | null;
}

const MAX_CURSOR_LENGTH = 400;
/** What lies deeper needs a cursor: PostgreSQL would read all rows before it. */
const MAX_SKIP = 10_000;

/** The schema of a cursor's key, of one schema for each of its values. */
export const cursorKey = (...values: Joi.Schema[]): Joi.ArraySchema =>
  Joi.array()
    .ordered(...values.map((value) => value.required()))
    .length(values.length);

export const encodeCursor = (key: CursorKey): string => Buffer.from(JSON.stringify(key)).toString('base64url');

function decodeCursor(text: string): unknown {
  try {
    const key = JSON.parse(Buffer.from(text, 'base64url').toString()) as CursorKey;
    // Base64 has several spellings of the same bytes, and JSON of the same values.
    return encodeCursor(key) === text ? key : undefined;
  } catch {
    return undefined;
  }
}

/** Query parameters of every list. @param key the schema of its cursor's key. */
export function paging<K extends CursorKey>(key: Joi.Schema): Joi.PartialSchemaMap<Paging<K>> {
  const readCursor: Joi.CustomValidator = (text: string, h) => {
    if (text.length > MAX_CURSOR_LENGTH) return text;
    const { value, error } = key.required().validate(decodeCursor(text), { convert: false });
    if (error !== undefined) return invalid(h, 'must be the next_cursor of a page of this list');
    return Number(h.state.ancestors[0].skip) > 0 ? invalid(h, 'must not stand beside skip') : value;
  };
  return {
    limit: Joi.number().integer().min(1).max(100).default(50),
    skip: Joi.number().integer().min(0).max(MAX_SKIP).default(0),
    cursor: Joi.string()
      .max(MAX_CURSOR_LENGTH)
      .custom(readCursor)
      .description('`next_cursor` of the page before, instead of `skip`; as fast at any depth'),
  } as Joi.PartialSchemaMap<Paging<K>>;
}

/** Of a list in order of id. */
export type IdPaging = Paging<readonly [string]>;
export const idPaging = (): Joi.PartialSchemaMap<IdPaging> => paging(cursorKey(anyId()));

/**
 * Makes a page of rows that were read with `limit + 1`: the extra row means that there are more.
 * @param keyOf the key of a cursor behind this row.
 */
export function page<N extends string, T>(
  name: N,
  rows: T[],
  limit: number,
  keyOf: (row: T) => CursorKey,
): Record<N, T[]> & PageInfo {
  const shown = rows.slice(0, limit);
  const has_more = rows.length > limit;
  const next_cursor = has_more ? encodeCursor(keyOf(shown.at(-1) as T)) : null;
  return { [name]: shown, has_more, next_cursor } as Record<N, T[]> & PageInfo;
}
