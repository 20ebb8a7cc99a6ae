// What the cursors of event streams over all rooms stand on. A cursor has at most 4 KiB, so that
// the positions of a user with many rooms are saved here, and the cursor bears what moved since.
import { createHash } from 'node:crypto';
import type { Context } from '../context.ts';
import { beforeJoining, dropBases, type Positions, saveBase, useBase } from './stream-base-store.ts';

/** Beyond LOG_RETENTION_DAYS, after which the log has nothing to go on with. */
const DAYS_MORE = 30;
/** Of one user. */
const KEPT = 200;

/** As a cursor holds it: 16 bytes. */
function idOf(userId: string, positions: Positions): string {
  const sorted = Object.entries(positions).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([userId, sorted]))
    .digest('hex')
    .slice(0, 32);
}

export async function saveStreamBase(
  { db, config }: Context,
  { user_id, positions }: { user_id: string; positions: Positions },
): Promise<{ id: string }> {
  const id = idOf(user_id, positions);
  await saveBase(db, id, user_id, positions);
  await dropBases(db, user_id, config.LOG_RETENTION_DAYS + DAYS_MORE, KEPT);
  return { id };
}

export interface PositionsAsked {
  user_id: string;
  base?: string;
  rooms: string[];
}

/** Rooms that the base does not have were joined later: their events since then are missing. */
export async function streamPositions(
  { db }: Context,
  { user_id, base, rooms }: PositionsAsked,
): Promise<{ known: boolean; positions: Positions; joined: Positions }> {
  const saved = base === undefined ? {} : await useBase(db, base, user_id);
  if (saved === undefined) return { known: false, positions: {}, joined: {} };
  const inBase = rooms.filter((id) => Object.hasOwn(saved, id));
  const others = rooms.filter((id) => !Object.hasOwn(saved, id));
  return {
    known: true,
    positions: Object.fromEntries(inBase.map((id) => [id, saved[id] as number])),
    joined: others.length === 0 ? {} : await beforeJoining(db, user_id, others),
  };
}
