// SQL of revocations. The order of `seq` is the order of commits, so a reader that asks for "after
// N" never skips a row that commits later.
import type { Revocation } from '@chatapi/bus';
import type { Role } from '@chatapi/kit/auth';
import type { Knex, PipelinedPool } from '@chatapi/kit/data';

export interface NewRevocation {
  kind: Revocation['kind'];
  subject: string;
  role?: Role;
  reason?: Revocation['reason'];
}

type Raw = Omit<Revocation, 'at' | 'role' | 'reason' | 'except'> & {
  at: Date;
  role: Role | null;
  reason: 'deactivated' | null;
  except: string | null;
};

const toRevocation = ({ at, role, reason, except, ...rest }: Raw): Revocation => ({
  ...rest,
  at: at.toISOString(),
  ...(role === null ? {} : { role }),
  ...(reason === null ? {} : { reason }),
  ...(except === null ? {} : { except }),
});

// Instances of the previous release write `except_session`.
const COLUMNS = 'seq, kind, subject, at, role, reason, except_session as "except"';

/**
 * Call it last in a transaction: all other writers wait until the commit, those of the version
 * before too. `at` is rounded up to the next millisecond, so that a token issued just before is
 * older.
 */
export async function insertRevocations(trx: Knex, all: NewRevocation[]): Promise<Revocation[]> {
  // Not an advisory lock: any role of the database may hold any of those. Readers do not wait.
  await trx.raw('lock table revocations in share row exclusive mode');
  const { rows } = await trx.raw<{ rows: Raw[] }>(
    `insert into revocations (kind, subject, at, role, reason)
     select kind, subject, date_trunc('milliseconds', clock_timestamp()) + interval '1 millisecond', role, reason
     from json_to_recordset(?::json) r(kind text, subject text, role text, reason text) returning ${COLUMNS}`,
    [JSON.stringify(all)],
  );
  return rows.map(toRevocation);
}

export async function revocationsAfter(reads: PipelinedPool, seq: number, limit: number): Promise<Revocation[]> {
  const text = `select ${COLUMNS} from revocations where seq > $1 order by seq limit $2`;
  const { rows } = await reads.query<Raw>({ name: 'revocations-after', text, values: [seq, limit] });
  return rows.map(toRevocation);
}

export interface IssuedToken {
  user_id: string;
  session_id: string;
  /** Milliseconds. */
  issued_at: number;
}

/** Whether all tokens of the user were revoked after this one was issued. */
export async function isRevokedSince(trx: Knex, { user_id, session_id, issued_at }: IssuedToken): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: unknown[] }>(
    `select 1 from revocations where subject = ? and kind in ('user', 'ban') and at > to_timestamp(? / 1000.0)
       and except_session is distinct from ? limit 1`,
    [user_id, issued_at, session_id],
  );
  return rows.length > 0;
}

/** A revocation is needed while an older access token may still be valid. */
export async function deleteOldRevocations(db: Knex, minutes: number): Promise<void> {
  await db.raw(`delete from revocations where at < now() - ? * interval '1 minute'`, [minutes]);
}
