// Slow mode: the minimum interval between two messages of a member in a room. Exact over all
// instances, since it is decided in the inserting transaction, under the room's lock and by the
// database's clock. A send that is refused or fails does not start an interval.
import type { AppError } from '@chatapi/kit';
import type { PoolClient } from '@chatapi/kit/data';
import { slowModeError } from '../access/slow-mode-of-edits.ts';
import type { Draft } from './send-body.ts';
import { lockIntervals, type SlowSend, type SlowState, startIntervals } from './slow-mode-store.ts';
import { inTransaction } from './transaction.ts';

const slowSendOf = ({ room_id, sender, fields: { client_id } }: Draft): SlowSend => ({
  room_id,
  user_id: sender.user_id,
  client_id,
});
const keyOf = ({ room_id, sender }: Draft): string => `${room_id} ${sender.user_id}`;

export interface SlowDecision {
  at: Date;
  /** All others may be inserted. */
  refused: Map<Draft, AppError>;
}

/** A repeat is always allowed. A sender's second message in one batch comes too soon. */
function decide(drafts: Draft[], states: SlowState[]): SlowDecision {
  const at = states.at(-1)?.now ?? new Date();
  const refused = new Map<Draft, AppError>();
  const seen = new Set<string>();
  drafts.forEach((draft, i) => {
    const { due, slow_s, repeated } = states[i] as SlowState;
    if (repeated) return;
    const waitMs = (due?.getTime() ?? 0) - at.getTime();
    if (waitMs > 0) refused.set(draft, slowModeError(waitMs));
    else if (seen.has(keyOf(draft))) refused.set(draft, slowModeError(slow_s * 1000));
    else seen.add(keyOf(draft));
  });
  return { at, refused };
}

/**
 * Runs `write` in the transaction that also starts the intervals.
 * @param write returns the drafts that became messages, and a result.
 * @returns that result, after the commit.
 */
export async function underSlowMode<T>(
  client: PoolClient,
  drafts: Draft[],
  write: (decision: SlowDecision) => Promise<{ made: Draft[]; result: T }>,
): Promise<T> {
  return inTransaction(client, async () => {
    const decision = decide(drafts, await lockIntervals(client, drafts.map(slowSendOf)));
    const { made, result } = await write(decision);
    await startIntervals(client, made.map(slowSendOf), decision.at);
    return result;
  });
}
