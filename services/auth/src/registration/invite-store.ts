// SQL of invites. Of a code only the SHA-256 is stored: it has 256 random bits.
import { createHash } from 'node:crypto';
import type { IdPaging } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';

export interface InviteRow {
  id: string;
  max_uses: number;
  uses: number;
  expires_at: Date;
  rooms: string[];
  created_at: Date;
}

const COLUMNS = 'id, max_uses, uses, expires_at, rooms, created_at';
const USABLE = 'code_hash = ? and uses < max_uses and expires_at > clock_timestamp()';

const hashOf = (code: string): Buffer => createHash('sha256').update(code).digest();

export async function insertInvite(
  db: Knex,
  code: string,
  invite: { id: string; max_uses: number; expires_at: string | null; default_days: number; rooms: string[] },
): Promise<InviteRow> {
  const { rows } = await db.raw<{ rows: InviteRow[] }>(
    `insert into invites (id, code_hash, max_uses, expires_at, rooms)
     values (:id, :hash, :max_uses, coalesce(:expires_at, clock_timestamp() + :default_days * interval '1 day'), :rooms)
     returning ${COLUMNS}`,
    { ...invite, hash: hashOf(code) },
  );
  return rows[0] as InviteRow;
}

/** Newest first, one more than `limit` when there are more. */
export async function listInvites(db: Knex, { limit, skip, cursor }: IdPaging): Promise<InviteRow[]> {
  const { rows } = await db.raw<{ rows: InviteRow[] }>(
    `select ${COLUMNS} from invites where cast(:before as text) is null or id < :before
     order by id desc limit :limit offset :skip`,
    { before: cursor?.[0] ?? null, limit: limit + 1, skip },
  );
  return rows;
}

export async function deleteInvite(db: Knex, id: string): Promise<boolean> {
  const { rowCount } = await db.raw<{ rowCount: number }>('delete from invites where id = ?', [id]);
  return rowCount > 0;
}

export async function isUsable(db: Knex, code: string): Promise<boolean> {
  const { rows } = await db.raw<{ rows: unknown[] }>(`select 1 from invites where ${USABLE}`, [hashOf(code)]);
  return rows.length > 0;
}

/**
 * Counts a use; others wait until the transaction ends.
 * @returns the rooms of the invite; undefined when it is unknown, used up or expired.
 */
export async function countUse(trx: Knex, code: string): Promise<string[] | undefined> {
  const { rows } = await trx.raw<{ rows: { rooms: string[] }[] }>(
    `update invites set uses = uses + 1 where ${USABLE} returning rooms`,
    [hashOf(code)],
  );
  return rows[0]?.rooms;
}

/** Kept for a while, so that admins see what became of them. */
export async function deleteOldInvites(db: Knex, days: number): Promise<void> {
  await db.raw(
    `delete from invites where id in (
       select id from invites where expires_at < now() - ? * interval '1 day' order by expires_at limit 1000)`,
    [days],
  );
}
