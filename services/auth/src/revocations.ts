// Revocations reach the gateways as a row, written in the transaction of the change, which they
// long-poll. A signal after the commit makes it faster; a lost signal costs half a second.
import { publishRevocations, type Revocation } from '@chatapi/bus';
import type { Knex } from '@chatapi/kit/data';
import type { Context } from './context.ts';
import { insertRevocations, type NewRevocation } from './revocation-store.ts';

/** Call it last in the transaction. */
export const revoke = (trx: Knex, ...all: NewRevocation[]): Promise<Revocation[]> => insertRevocations(trx, all);

/** Never fails and is not awaited: the rows are the source of truth. */
export function publishAfterCommit(ctx: Pick<Context, 'redis' | 'facts' | 'log'>, revocations: Revocation[]): void {
  ctx.facts.nudge();
  if (revocations.length === 0) return;
  publishRevocations(ctx.redis, revocations).catch((err: Error) =>
    ctx.log.debug({ err: err.message }, 'revocation signal not sent'),
  );
}

export async function listRevocations(
  { revocationFeed }: Pick<Context, 'revocationFeed'>,
  { after, wait_ms }: { after: number; wait_ms: number },
): Promise<{ revocations: Revocation[]; last_seq: number }> {
  const revocations = await revocationFeed.after(after, wait_ms);
  return { revocations, last_seq: revocations.at(-1)?.seq ?? after };
}
