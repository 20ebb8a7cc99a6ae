// SQL of data exports, at most one per user.
import type { IdPaging } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';

export interface ExportRow {
  id: string;
  user_id: string;
  status: 'pending' | 'ready';
  size: number | null;
  created_at: Date;
  finished_at: Date | null;
  expires_at: Date | null;
}

export const exportOf = (db: Knex, userId: string): Promise<ExportRow | undefined> =>
  db<ExportRow>('exports').where({ user_id: userId }).first();

export const getExport = (db: Knex, id: string): Promise<ExportRow | undefined> =>
  db<ExportRow>('exports').where({ id }).first();

/** Newest first. */
export const listExports = async (db: Knex, { limit, skip, cursor }: IdPaging): Promise<ExportRow[]> =>
  await db<ExportRow>('exports')
    .where((query) => (cursor === undefined ? query : query.where('id', '<', cursor[0])))
    .orderBy('id', 'desc')
    .limit(limit)
    .offset(skip)
    .select('id', 'user_id', 'status', 'size', 'created_at', 'finished_at', 'expires_at');

/** @returns false when the user already has one. */
export async function insertExport(trx: Knex, id: string, userId: string): Promise<boolean> {
  const { rowCount } = await trx.raw<{ rowCount: number }>(
    `insert into exports (id, user_id, status, created_at) values (?, ?, 'pending', clock_timestamp()) on conflict do nothing`,
    [id, userId],
  );
  return rowCount === 1;
}

export const deleteExport = async (db: Knex, id: string): Promise<void> =>
  void (await db('exports').where({ id }).delete());

/** @returns false when it is not pending any more: the user was erased, or it was replaced. */
export async function finishExport(db: Knex, id: string, size: number, keepHours: number): Promise<boolean> {
  const { rowCount } = await db.raw<{ rowCount: number }>(
    `update exports set status = 'ready', size = ?, finished_at = clock_timestamp(),
       expires_at = clock_timestamp() + ? * interval '1 hour' where id = ? and status = 'pending'`,
    [size, keepHours, id],
  );
  return rowCount === 1;
}

const ids = async (query: Promise<{ id: string }[]>): Promise<string[]> => (await query).map(({ id }) => id);

export const pendingExports = (db: Knex, olderThan: Date, limit: number): Promise<string[]> =>
  ids(
    db('exports')
      .where({ status: 'pending' })
      .where('created_at', '<', olderThan)
      .orderBy('id')
      .limit(limit)
      .select('id'),
  );

export const expiredExports = (db: Knex): Promise<string[]> =>
  ids(db('exports').where('expires_at', '<', db.fn.now()).limit(100).select('id'));

/** The ids of `given` that are exports. */
export const knownExports = (db: Knex, given: string[]): Promise<string[]> =>
  ids(db('exports').whereIn('id', given).select('id'));
