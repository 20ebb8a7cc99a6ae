// Owns: the SQL of revocations, the truth that the doors poll.
// Guarantee: seq order is commit order, so a reader who asks for "after N" never skips one that commits later.
import type { Revocation } from '@chatapi/bus';
import type { Knex, Pipes, Role } from '@chatapi/kit';

export interface NewRevocation {
  kind: Revocation['kind'];
  subject: string;
  role?: Role;
  except?: string;
}

type Raw = Omit<Revocation, 'at' | 'role' | 'except'> & { at: Date; role: Role | null; except: string | null };

const toRevocation = ({ at, role, except, ...rest }: Raw): Revocation => ({
  ...rest,
  at: at.toISOString(),
  ...(role === null ? {} : { role }),
  ...(except === null ? {} : { except }),
});

const COLUMNS = 'seq, kind, subject, at, role, except_session as "except"';

/**
 * Call it last in a transaction: from here to the commit all other writers wait. `at` is rounded up to the next
 * millisecond, so that a token issued just before is older than it.
 */
export async function insertRevocation(trx: Knex, { kind, subject, role, except }: NewRevocation): Promise<Revocation> {
  await trx.raw(`select pg_advisory_xact_lock(hashtext('auth revocations'))`);
  const { rows } = await trx.raw<{ rows: Raw[] }>(
    `insert into revocations (kind, subject, at, role, except_session)
     values (?, ?, date_trunc('milliseconds', clock_timestamp()) + interval '1 millisecond', ?, ?) returning ${COLUMNS}`,
    [kind, subject, role ?? null, except ?? null],
  );
  return toRevocation(rows[0] as Raw);
}

export async function revocationsAfter(reads: Pipes, seq: number, limit: number): Promise<Revocation[]> {
  const text = `select ${COLUMNS} from revocations where seq > $1 order by seq limit $2`;
  const { rows } = await reads.query<Raw>({ name: 'revocations-after', text, values: [seq, limit] });
  return rows.map(toRevocation);
}

/** A revocation is of use while an access token from before it can still be good. */
export async function forgetRevocations(db: Knex, minutes: number): Promise<void> {
  await db.raw(`delete from revocations where at < now() - ? * interval '1 minute'`, [minutes]);
}
