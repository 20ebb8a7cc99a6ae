// Owns: whose turn it is in a room with slow mode. Guarantee: exact over all doors and instances, since it is decided under the room's
// lock and by the database's clock, in the transaction that inserts; a send that is refused or fails takes no turn.
import { AppError, type PoolClient } from '@chatapi/kit';
import type { Draft } from './send-body.ts';
import { lookAtTurns, type Turn, type TurnFound, takeTurns } from './slow-store.ts';

const tooSoon = (waitMs: number): AppError => {
  const retry_after_s = Math.max(1, Math.ceil(waitMs / 1000));
  return new AppError('RATE_LIMIT_EXCEEDED', 'Slow mode is on in this room', {
    headers: { 'Retry-After': String(retry_after_s) },
    details: { retry_after_s },
  });
};

const turnOf = ({ room_id, sender, client_id }: Draft): Turn => ({ room_id, user_id: sender.user_id, client_id });
const keyOf = ({ room_id, sender }: Draft): string => `${room_id} ${sender.user_id}`;

export interface Judged {
  at: Date;
  /** Whose turn it is, and repeats, which need none. */
  allowed: Set<Draft>;
  refused: Map<Draft, AppError>;
}

/** A sender's second message of one batch comes too soon, like any other. */
function judge(drafts: Draft[], found: TurnFound[]): Judged {
  const at = found.at(-1)?.now ?? new Date();
  const judged: Judged = { at, allowed: new Set(), refused: new Map() };
  const taken = new Set<string>();
  drafts.forEach((draft, i) => {
    const { due, slow_s, repeated } = found[i] as TurnFound;
    const wait = (due?.getTime() ?? 0) - at.getTime();
    if (repeated) judged.allowed.add(draft);
    else if (wait > 0) judged.refused.set(draft, tooSoon(wait));
    else if (taken.has(keyOf(draft))) judged.refused.set(draft, tooSoon(slow_s * 1000));
    else {
      taken.add(keyOf(draft));
      judged.allowed.add(draft);
    }
  });
  return judged;
}

/**
 * Runs `write` for those whose turn it is, in one transaction with the note that they had it. `write` gives the drafts of which it made
 * messages; what it returns besides is returned after the commit.
 */
export async function inTurns<T>(
  client: PoolClient,
  drafts: Draft[],
  write: (judged: Judged) => Promise<{ made: Draft[]; result: T }>,
): Promise<T> {
  await client.query('begin');
  try {
    const judged = judge(drafts, await lookAtTurns(client, drafts.map(turnOf)));
    const { made, result } = await write(judged);
    await takeTurns(client, made.map(turnOf), judged.at);
    await client.query('commit');
    return result;
  } catch (error) {
    // A connection that is gone has rolled back by itself.
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}
