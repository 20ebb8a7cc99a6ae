// Reads room logs from the message service. Reads of one event-loop turn share a call, and equal
// reads share the page and its frames: clients that resume after a restart mostly miss the same
// events.
import { setImmediate } from 'node:timers';
import type { ServiceClient } from '@chatapi/kit/rpc';
import type { RoomEvent } from '../state.ts';
import { roomEvent } from '../wire/room-event.ts';
import { coalesce } from './coalesce.ts';

export interface Page {
  readable: boolean;
  /** Seq of the oldest event that the log still has. */
  first_seq: number;
  last_seq: number;
  events: RoomEvent[];
}

export interface LogReader {
  /**
   * Up to `limit` events after `after`. With `userId`, that user's rights are checked.
   * @throws AppError SERVICE_UNAVAILABLE.
   */
  read(room: string, after: number, limit: number, userId?: string): Promise<Page>;
  /** Heads of the rooms that exist; the map may contain other rooms too. */
  heads(rooms: string[]): Promise<Map<string, Head>>;
}

interface Head {
  seq: number;
  /** Raised by each leaving; undefined: from a message service of the previous version. */
  version: number | undefined;
}

interface PendingRead {
  room: string;
  after: number;
  limit: number;
  userId: string;
  promise: Promise<Page>;
  resolve(page: Page): void;
  reject(error: unknown): void;
}

interface WireRoom {
  id: string;
  readable: boolean;
  first_seq: number;
  last_seq: number;
  events: { seq: number; sender: string; frame: string }[];
}

interface WireHeads {
  heads: Record<string, number>;
  versions?: Record<string, number>;
}

const MAX_ROOMS_PER_CALL = 50;
const MAX_HEADS_PER_CALL = 1000;
const TIMEOUT_MS = 4000;

const pageOf = ({ readable, first_seq, last_seq, events }: WireRoom): Page => ({
  readable,
  first_seq,
  last_seq,
  events: events.map(({ seq, sender, frame }) => roomEvent(seq, sender, '', frame)),
});

const NOTHING: Page = { readable: false, first_seq: 0, last_seq: 0, events: [] };

export function createLogReader(message: Pick<ServiceClient, 'call'>): LogReader {
  let pending = new Map<string, PendingRead>();

  async function readRooms(userId: string, list: PendingRead[]): Promise<void> {
    try {
      const rooms = list.map(({ room, after, limit }) => ({ id: room, after, limit }));
      const body = userId === '' ? { rooms } : { user_id: userId, rooms };
      const answer = await message.call<{ rooms: WireRoom[] }>('POST', '/internal/events', {
        body,
        timeoutMs: TIMEOUT_MS,
      });
      const byId = new Map(answer.rooms.map((room) => [room.id, room]));
      for (const one of list) {
        const room = byId.get(one.room);
        one.resolve(room === undefined ? NOTHING : pageOf(room));
      }
    } catch (error) {
      for (const one of list) one.reject(error);
    }
  }

  /** Splits reads into calls that name each room once, since answers are found by room. */
  function calls(list: PendingRead[]): PendingRead[][] {
    const rounds: PendingRead[][] = [];
    const counts = new Map<string, number>();
    for (const one of list) {
      const index = counts.get(one.room) ?? 0;
      counts.set(one.room, index + 1);
      const round = rounds[index] ?? [];
      rounds[index] = round;
      round.push(one);
    }
    return rounds.flatMap((round) =>
      Array.from({ length: Math.ceil(round.length / MAX_ROOMS_PER_CALL) }, (_, i) =>
        round.slice(i * MAX_ROOMS_PER_CALL, (i + 1) * MAX_ROOMS_PER_CALL),
      ),
    );
  }

  function send(): void {
    const now = pending;
    pending = new Map();
    for (const [userId, list] of Map.groupBy(now.values(), (one) => one.userId)) {
      for (const call of calls(list)) void readRooms(userId, call);
    }
  }

  return {
    read(room, after, limit, userId = '') {
      const key = `${userId} ${room} ${after} ${limit}`;
      const known = pending.get(key);
      if (known !== undefined) return known.promise;
      if (pending.size === 0) setImmediate(send);
      const { promise, resolve, reject } = Promise.withResolvers<Page>();
      pending.set(key, { room, after, limit, userId, promise, resolve, reject });
      return promise;
    },
    heads: coalesce(async (lists: string[][]) => {
      const rooms = [...new Set(lists.flat())];
      const heads = new Map<string, Head>();
      for (let i = 0; i < rooms.length; i += MAX_HEADS_PER_CALL) {
        const body = { rooms: rooms.slice(i, i + MAX_HEADS_PER_CALL) };
        const answer = await message.call<WireHeads>('POST', '/internal/heads', { body, timeoutMs: TIMEOUT_MS });
        for (const [room, seq] of Object.entries(answer.heads))
          heads.set(room, { seq, version: answer.versions?.[room] });
      }
      return lists.map(() => heads);
    }),
  };
}
