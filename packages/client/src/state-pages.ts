// The user's rooms by the socket: for apps that show them, asked for page by page after each
// connection. A page shows each room as of its `last_seq`; the server delivers what came after it,
// again if need be. Without I/O, as the machine to which it belongs.
import type { Presence, Room } from './models.ts';
import type { Page } from './pages.ts';

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

  refused(): void {
    this.isAsked = false;
    this.isRefused = true;
  }

  /** The frame to write now. */
  frames(): object[] {
    if (!this.#isDue) return [];
    this.#isDue = false;
    this.isAsked = true;
    return [{ type: 'state', limit: ROOMS_PER_PAGE, cursor: this.#cursor }];
  }

  /**
   * `isNews`: whether a room was not known. After a reconnect, the rooms behind a page without
   * news are known too: the order is latest activity first.
   */
  took(nextCursor: string | null, isNews: boolean): void {
    this.isAsked = false;
    this.isServed = true;
    this.#isComplete ||= nextCursor === null;
    this.#cursor = nextCursor ?? undefined;
    this.#isDue = nextCursor !== null && (isNews || !this.#isComplete);
  }
}
