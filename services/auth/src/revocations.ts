// Owns: how an end (of a session, of all, by ban) or a new role reaches the doors: a row in the change's own transaction,
// which they ask for, and a signal after the commit, which makes it faster. A lost signal costs half a second, no more.
import { publishRevocations, type Revocation } from '@chatapi/bus';
import type { Knex } from '@chatapi/kit';
import type { Context } from './context.ts';
import { insertRevocation, type NewRevocation } from './revocation-store.ts';

/** Writes the row; call it last in the transaction. */
export const revoke = async (trx: Knex, one: NewRevocation): Promise<Revocation[]> => [
  await insertRevocation(trx, one),
];

/** After the commit. Never fails and is not waited for: the rows are the truth. */
export function announce(ctx: Pick<Context, 'redis' | 'facts' | 'log'>, revocations: Revocation[]): void {
  ctx.facts.nudge();
  if (revocations.length === 0) return;
  publishRevocations(ctx.redis, revocations).catch((err: Error) =>
    ctx.log.debug({ err: err.message }, 'a revocation was not signalled'),
  );
}

export async function listRevocations(
  { revocationFeed }: Pick<Context, 'revocationFeed'>,
  { after, wait_ms }: { after: number; wait_ms: number },
): Promise<{ revocations: Revocation[]; last_seq: number }> {
  const revocations = await revocationFeed.after(after, wait_ms);
  return { revocations, last_seq: revocations.at(-1)?.seq ?? after };
}
