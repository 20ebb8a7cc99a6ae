import Joi from 'joi';

export interface Paging {
  limit: number;
  skip: number;
}

/** `limit` 1–100 (50) and `skip` ≥ 0 of every list. */
export const paging = (): Joi.PartialSchemaMap<Paging> => ({
  limit: Joi.number().integer().min(1).max(100).default(50),
  skip: Joi.number().integer().min(0).max(1_000_000_000).default(0),
});

/** Rows were read with `limit + 1`: one too many tells exactly that there is more. */
export function page<K extends string, T>(name: K, rows: T[], limit: number): Record<K, T[]> & { has_more: boolean } {
  return { [name]: rows.slice(0, limit), has_more: rows.length > limit } as Record<K, T[]> & { has_more: boolean };
}
