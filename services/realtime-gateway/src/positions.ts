// Owns: telling message how far users have received and read. Coalesced: the furthest seq per user and room, one call for all
// at most every FLUSH_MS. A delivery costs nothing here; who got what is looked up per room when it is told.
import { every, type Log, type Peer } from '@chatapi/kit';
import type { LocalUser, Room } from './node.ts';

export interface Positions {
  /** A record of `sender` was handed to the room's local members. */
  delivered(room: Room, sender: string): void;
  /** A lagging or resuming connection of `user` was fed up to `seq`. */
  fed(room: string, user: string, seq: number): void;
  read(room: string, user: string, seq: number): void;
  flush(): Promise<void>;
  close(): Promise<void>;
}

interface Moved {
  room_id: string;
  user_id: string;
  delivered_seq?: number;
  read_seq?: number;
}

const FLUSH_MS = 500;
/** A sender sees `delivered` once anybody else has it: two recipients speak for all, since one may be the sender. */
const SPOKESPEOPLE = 2;
const MOST_KEPT = 20_000;

const isFollowing = (user: LocalUser, room: string): boolean =>
  user.connections.some((c) => !c.closed && !c.feeds?.has(room));

export function openPositions(message: Pick<Peer, 'call'>, log: Log): Positions {
  let moved = new Map<string, Moved>();
  /** Room → its only sender since the last flush, or undefined for several. */
  let dirty = new Map<Room, string | undefined>();
  let flushing: Promise<void> | undefined;

  function note(room_id: string, user_id: string, key: 'delivered_seq' | 'read_seq', seq: number): void {
    const id = `${room_id} ${user_id}`;
    const entry = moved.get(id) ?? { room_id, user_id };
    if (moved.size >= MOST_KEPT && !moved.has(id)) return;
    if ((entry[key] ?? 0) < seq) entry[key] = seq;
    moved.set(id, entry);
  }

  function noteRooms(): void {
    for (const [room, only] of dirty) {
      let told = 0;
      for (const user of room.users) {
        if (user.id === only || !isFollowing(user, room.id)) continue;
        note(room.id, user.id, 'delivered_seq', room.position);
        if (++told === SPOKESPEOPLE) break;
      }
    }
    dirty = new Map();
  }

  const later = (err: Error): void => log.debug({ err: err.message }, 'positions will be told later');

  async function send(): Promise<void> {
    noteRooms();
    if (moved.size === 0) return;
    const now = moved;
    moved = new Map();
    try {
      await message.call('POST', '/internal/positions', { body: { positions: [...now.values()].slice(0, 10_000) } });
    } catch (err) {
      later(err as Error);
      for (const { room_id, user_id, delivered_seq, read_seq } of now.values()) {
        if (delivered_seq !== undefined) note(room_id, user_id, 'delivered_seq', delivered_seq);
        if (read_seq !== undefined) note(room_id, user_id, 'read_seq', read_seq);
      }
    }
  }

  const flush = (): Promise<void> => {
    flushing ??= send().finally(() => {
      flushing = undefined;
    });
    return flushing;
  };
  const flushes = every(FLUSH_MS, flush, later);

  return {
    delivered(room, sender) {
      if (!dirty.has(room)) dirty.set(room, sender);
      else if (dirty.get(room) !== sender) dirty.set(room, undefined);
    },
    fed: (room, user, seq) => note(room, user, 'delivered_seq', seq),
    read: (room, user, seq) => note(room, user, 'read_seq', seq),
    flush,
    async close() {
      await flushes.close();
      await flush();
    },
  };
}
