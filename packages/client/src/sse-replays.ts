// What a connection missed, read again by REST in place of the WebSocket's `resume` and `state`.
// Live frames of a room wait until its replay is done, which they must not overtake.

import { asError, type ChatApiError } from './errors.ts';
import type { Frame } from './machine.ts';
import type { Room } from './models.ts';
import { path } from './paths.ts';
import type { Rest } from './rest.ts';
import type { EventPage } from './room-events.ts';

const EVENTS_PER_PAGE = 500;
const ROOMS_PER_PAGE = 100;
/** Fewer rooms are asked for one by one. */
const FEW_ROOMS = 3;
/** Of a room: beyond, its live frames are dropped and read from the log instead. */
const MAX_WAITING = 1000;

type Head = Pick<Room, 'chat_id' | 'last_seq' | 'read_seq' | 'unread_count'>;

interface RoomsPage {
  rooms: Room[];
  next_cursor: string | null;
}

interface Waiting {
  frames: [Frame, string][];
  overflowed: boolean;
}

interface Replayed {
  to: number;
  complete: boolean;
}

export class Replays {
  readonly #rest: Rest;
  readonly #received: (frame: Frame, text: string) => void;
  readonly #refuse: (error: ChatApiError) => void;
  readonly #signal: AbortSignal;
  /** The highest seq that was delivered, by room. */
  readonly #delivered = new Map<string, number>();
  readonly #waiting = new Map<string, Waiting>();

  constructor(
    rest: Rest,
    received: (frame: Frame, text: string) => void,
    refuse: (error: ChatApiError) => void,
    signal: AbortSignal,
  ) {
    this.#rest = rest;
    this.#received = received;
    this.#refuse = refuse;
    this.#signal = signal;
  }

  /** A live frame. */
  take(frame: Frame, text: string): void {
    const waiting = typeof frame.seq === 'number' ? this.#waiting.get(String(frame.chat_id)) : undefined;
    if (waiting === undefined) this.#deliver(frame, text);
    else if (!waiting.overflowed && waiting.frames.push([frame, text]) > MAX_WAITING) {
      waiting.frames = [];
      waiting.overflowed = true;
    }
  }

  async resume(asked: Record<string, number>): Promise<void> {
    const wanted = Object.entries(asked);
    for (const [id] of wanted) this.#hold(id);
    const heads = wanted.length > FEW_ROOMS ? await this.#heads(new Set(Object.keys(asked))) : new Map<string, Head>();
    const rooms: Record<string, object> = {};
    for (const [id, from] of wanted) {
      const head = heads.get(id);
      const result = await this.#replay(id, from, head?.last_seq === from);
      const { read_seq, unread_count, last_seq } = head ?? {};
      rooms[id] = { from, ...result, ...(head === undefined ? {} : { read_seq, unread_count, last_seq }) };
    }
    this.#say({ type: 'resumed', rooms });
  }

  /** A page of the rooms. What was delivered after its state of a room comes again. */
  async state({ limit, cursor }: Frame): Promise<void> {
    const query = { limit: Math.min(Number(limit), ROOMS_PER_PAGE), cursor };
    try {
      const page = await this.#rest.call<RoomsPage>('GET', '/rooms', { query, signal: this.#signal });
      const passed = page.rooms.filter(({ chat_id, last_seq }) => (this.#delivered.get(chat_id) ?? 0) > last_seq);
      for (const { chat_id } of passed) this.#hold(chat_id);
      this.#say({ ...page, type: 'state', presence: {}, timestamp: new Date().toISOString() });
      for (const { chat_id, last_seq } of passed) await this.#replay(chat_id, last_seq);
    } catch (thrown) {
      this.#refuse(asError(thrown));
    }
  }

  #say(frame: Frame): void {
    this.#received(frame, JSON.stringify(frame));
  }

  #deliver(frame: Frame, text: string): void {
    const { chat_id, seq } = frame;
    if (typeof chat_id === 'string' && typeof seq === 'number')
      this.#delivered.set(chat_id, Math.max(seq, this.#delivered.get(chat_id) ?? 0));
    this.#received(frame, text);
  }

  /** Of these rooms, as far as the user is a member. */
  async #heads(wanted: Set<string>): Promise<Map<string, Head>> {
    const heads = new Map<string, Head>();
    for (let cursor: string | null | undefined; cursor !== null && wanted.size > 0; ) {
      const query = { limit: ROOMS_PER_PAGE, cursor: cursor ?? undefined };
      const page = await this.#rest.call<RoomsPage>('GET', '/rooms', { query, signal: this.#signal });
      for (const room of page.rooms) if (wanted.delete(room.chat_id)) heads.set(room.chat_id, room);
      cursor = page.next_cursor;
    }
    return heads;
  }

  /** Delivers what follows the seq, then what waited meanwhile. */
  async #replay(id: string, from: number, isCurrent = false): Promise<Replayed> {
    let replayed = isCurrent ? { to: from, complete: true } : await this.#readLog(id, from);
    for (let waiting = this.#waiting.get(id); waiting?.overflowed && replayed.complete; ) {
      waiting.overflowed = false;
      replayed = await this.#readLog(id, replayed.to);
    }
    this.#release(id, replayed.to);
    return replayed;
  }

  async #readLog(id: string, from: number): Promise<Replayed> {
    for (let to = from; ; ) {
      const query = { after_seq: to, limit: EVENTS_PER_PAGE };
      let page: EventPage;
      try {
        page = await this.#rest.call('GET', path`/rooms/${id}/events`, { query, signal: this.#signal });
      } catch (thrown) {
        if (asError(thrown).code === 'RESOURCE_NOT_FOUND') return { to, complete: false };
        throw thrown;
      }
      if (!page.complete) return { to: page.last_seq, complete: false };
      for (const event of page.events) {
        this.#deliver(event as unknown as Frame, JSON.stringify(event));
        to = event.seq;
      }
      if (!page.has_more) return { to, complete: true };
    }
  }

  #hold(id: string): void {
    if (!this.#waiting.has(id)) this.#waiting.set(id, { frames: [], overflowed: false });
  }

  /** The live frames that the replay did not bring. */
  #release(id: string, to: number): void {
    const waiting = this.#waiting.get(id)?.frames ?? [];
    this.#waiting.delete(id);
    for (const [frame, text] of waiting) if (Number(frame.seq) > to) this.#deliver(frame, text);
  }
}
