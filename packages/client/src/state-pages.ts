// The user's rooms by the socket: for apps that show them, asked for page by page after each
// connection. A page shows each room as of its `last_seq`; the server delivers what came after it,
// again if need be. Without I/O, as the machine to which it belongs.
import type { ChatApiError } from './errors.ts';
import type { Presence, Room } from './models.ts';
import type { Page } from './pages.ts';
import type { Views } from './room-positions.ts';

/** `presence`: of others in direct and small rooms; missing in pages read by REST. */
export interface RoomsPage extends Page<Room> {
  presence?: Record<string, Presence>;
}

const ROOMS_PER_PAGE = 200;

export class StatePages {
  /** Servers before 0.2 do not know the frame. */
  isRefused = false;
  isAsked = false;
  /** Whether the server knows the frame. */
  isServed = false;
  #isComplete = false;
  #isDue = false;
  #cursor: string | undefined;
  #read: RoomsPage[] = [];

  connected(): void {
    this.#cursor = undefined;
    this.isAsked = false;
    this.#isDue = !this.isRefused;
  }

  /** The frame or its answer may be lost. */
  unanswered(): void {
    this.#isDue ||= this.isAsked;
    this.isAsked = false;
  }

  /** A frame was refused, maybe this one. @returns whether to try again later. */
  refused({ retryable }: ChatApiError): boolean {
    const isOver = this.isAsked && !retryable;
    if (isOver) [this.isAsked, this.isRefused] = [false, true];
    return this.isAsked;
  }

  /** The frame to write now. */
  frames(): object[] {
    if (!this.#isDue) return [];
    this.#isDue = false;
    this.isAsked = true;
    return [{ type: 'state', limit: ROOMS_PER_PAGE, cursor: this.#cursor }];
  }

  /**
   * After a reconnect, the rooms behind a page without news are known too: the order is latest
   * activity first.
   */
  took(frame: object, views: Views): void {
    if (!this.isAsked) return;
    const { rooms, next_cursor, users, presence } = frame as RoomsPage & { rooms: Room[] };
    const news = rooms.filter((room) => views.restart(room));
    this.isAsked = false;
    this.isServed = true;
    this.#isComplete ||= next_cursor === null;
    this.#cursor = next_cursor ?? undefined;
    this.#isDue = next_cursor !== null && (news.length > 0 || !this.#isComplete);
    this.#read.push({ items: rooms, has_more: next_cursor !== null, next_cursor, users, presence });
  }

  /** What the app gets. */
  takeRead(): RoomsPage[] {
    const read = this.#read;
    this.#read = [];
    return read;
  }
}
