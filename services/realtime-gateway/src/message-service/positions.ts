// Reports to the message service how far users have received and read: the highest seq per user and
// room, in one call every FLUSH_MS. Deliveries only mark the room; its members are looked up at the
// flush.
import { every, type Log } from '@chatapi/kit';
import type { ServiceClient } from '@chatapi/kit/rpc';
import type { LocalUser, Room } from '../state.ts';

export interface Positions {
  /** An event of `sender` was delivered to the room's local members. */
  delivered(room: Room, sender: string): void;
  /** A lagging or resuming connection of `user` was fed up to `seq`. */
  fed(room: string, user: string, seq: number): void;
  /** @param origin id of the connection. */
  read(room: string, user: string, seq: number, origin: string): void;
  flush(): Promise<void>;
  close(): Promise<void>;
}

interface Position {
  room_id: string;
  user_id: string;
  delivered_seq?: number;
  read_seq?: number;
  /** The connection that read; '' for several. */
  origin?: string;
}

const FLUSH_MS = 500;
/** Members reported per room. Senders see `delivered` once anybody else has the message. */
const REPORTED_MEMBERS = 2;
const MAX_PENDING = 20_000;

const receivesLive = (user: LocalUser, room: string): boolean =>
  user.connections.some((c) => !c.closed && !c.feeds?.has(room) && c.stream?.hears(room) !== false);

export function createPositions(message: Pick<ServiceClient, 'call'>, log: Log): Positions {
  let pending = new Map<string, Position>();
  /** Rooms with deliveries since the last flush, with their sender; undefined: several senders. */
  let dirty = new Map<Room, string | undefined>();
  let flushing: Promise<void> | undefined;

  function note(
    room_id: string,
    user_id: string,
    key: 'delivered_seq' | 'read_seq',
    seq: number,
    origin?: string,
  ): void {
    const id = `${room_id} ${user_id}`;
    const entry = pending.get(id) ?? { room_id, user_id };
    if (pending.size >= MAX_PENDING && !pending.has(id)) return;
    if ((entry[key] ?? 0) < seq) entry[key] = seq;
    if (origin !== undefined) entry.origin = origin;
    pending.set(id, entry);
  }

  function noteRooms(): void {
    for (const [room, only] of dirty) {
      let reported = 0;
      for (const user of room.users) {
        if (user.id === only || !receivesLive(user, room.id)) continue;
        note(room.id, user.id, 'delivered_seq', room.position);
        if (++reported === REPORTED_MEMBERS) break;
      }
    }
    dirty = new Map();
  }

  const logFailure = (err: Error): void =>
    log.debug({ err: err.message }, 'positions were not reported and are retried');

  async function send(): Promise<void> {
    noteRooms();
    if (pending.size === 0) return;
    const now = pending;
    pending = new Map();
    try {
      await message.call('POST', '/internal/positions', { body: { positions: [...now.values()].slice(0, 10_000) } });
    } catch (err) {
      logFailure(err as Error);
      for (const { room_id, user_id, delivered_seq, read_seq, origin } of now.values()) {
        if (delivered_seq !== undefined) note(room_id, user_id, 'delivered_seq', delivered_seq);
        if (read_seq !== undefined) note(room_id, user_id, 'read_seq', read_seq, origin);
      }
    }
  }

  const flush = (): Promise<void> => {
    flushing ??= send().finally(() => {
      flushing = undefined;
    });
    return flushing;
  };
  const flushes = every(FLUSH_MS, flush, logFailure);

  return {
    delivered(room, sender) {
      if (!dirty.has(room)) dirty.set(room, sender);
      else if (dirty.get(room) !== sender) dirty.set(room, undefined);
    },
    fed: (room, user, seq) => note(room, user, 'delivered_seq', seq),
    read(room, user, seq, origin) {
      const known = pending.get(`${room} ${user}`);
      note(room, user, 'read_seq', seq, known?.origin === undefined || known.origin === origin ? origin : '');
    },
    flush,
    async close() {
      await flushes.close();
      await flush();
    },
  };
}
