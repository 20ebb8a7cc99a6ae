// Owns: reading rooms' logs from message. What is asked within one turn travels in one call; who asks for the same page
// shares it, frames included: a thousand clients that resume after a restart mostly miss the same events.
import { setImmediate } from 'node:timers';
import type { Peer } from '@chatapi/kit';
import { gathered } from './gather.ts';
import type { RoomEvent } from './node.ts';
import { roomEvent } from './room-event.ts';

export interface Page {
  readable: boolean;
  /** Oldest event that the log still has. */
  first_seq: number;
  last_seq: number;
  events: RoomEvent[];
}

export interface LogReader {
  /** Up to `limit` events after `after`. With `userId` that user's rights are checked. @throws AppError SERVICE_UNAVAILABLE. */
  read(room: string, after: number, limit: number, userId?: string): Promise<Page>;
  /** Heads of those of the rooms that exist, and perhaps of others. */
  heads(rooms: string[]): Promise<Map<string, number>>;
}

interface Wanted {
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

const ROOMS_A_CALL = 50;
const HEADS_A_CALL = 1000;
const TIMEOUT_MS = 4000;

const pageOf = ({ readable, first_seq, last_seq, events }: WireRoom): Page => ({
  readable,
  first_seq,
  last_seq,
  events: events.map(({ seq, sender, frame }) => roomEvent(seq, sender, '', frame)),
});

const NOTHING: Page = { readable: false, first_seq: 0, last_seq: 0, events: [] };

export function openLogReader(message: Pick<Peer, 'call'>): LogReader {
  let wanted = new Map<string, Wanted>();

  async function ask(userId: string, list: Wanted[]): Promise<void> {
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

  /** A call names a room once, so that its answer is told apart. */
  function calls(list: Wanted[]): Wanted[][] {
    const rounds: Wanted[][] = [];
    const turns = new Map<string, number>();
    for (const one of list) {
      const turn = turns.get(one.room) ?? 0;
      turns.set(one.room, turn + 1);
      const round = rounds[turn] ?? [];
      rounds[turn] = round;
      round.push(one);
    }
    return rounds.flatMap((round) =>
      Array.from({ length: Math.ceil(round.length / ROOMS_A_CALL) }, (_, i) =>
        round.slice(i * ROOMS_A_CALL, (i + 1) * ROOMS_A_CALL),
      ),
    );
  }

  function send(): void {
    const now = wanted;
    wanted = new Map();
    for (const [userId, list] of Map.groupBy(now.values(), (one) => one.userId)) {
      for (const call of calls(list)) void ask(userId, call);
    }
  }

  return {
    read(room, after, limit, userId = '') {
      const key = `${userId} ${room} ${after} ${limit}`;
      const known = wanted.get(key);
      if (known !== undefined) return known.promise;
      if (wanted.size === 0) setImmediate(send);
      const { promise, resolve, reject } = Promise.withResolvers<Page>();
      wanted.set(key, { room, after, limit, userId, promise, resolve, reject });
      return promise;
    },
    heads: gathered(async (lists: string[][]) => {
      const rooms = [...new Set(lists.flat())];
      const heads = new Map<string, number>();
      for (let i = 0; i < rooms.length; i += HEADS_A_CALL) {
        const body = { rooms: rooms.slice(i, i + HEADS_A_CALL) };
        const answer = await message.call<{ heads: Record<string, number> }>('POST', '/internal/heads', {
          body,
          timeoutMs: TIMEOUT_MS,
        });
        for (const [room, seq] of Object.entries(answer.heads)) heads.set(room, seq);
      }
      return lists.map(() => heads);
    }),
  };
}
