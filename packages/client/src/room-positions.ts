// Per room, decides which event comes next, so that the app gets each once and in order. Stores no
// frames: events that come too early, or while the app is slow, are dropped and requested again, so
// memory use does not grow with what was missed.
import type { Room } from './models.ts';

/** Keeps resume frames below the server's limits of 64 KiB and 2,000 rooms. */
const ROOMS_PER_RESUME = 400;
/** Maximum of replayed events of a room that the user joined while offline. */
const NEWCOMER_EVENTS = 1000;

export interface Resumed {
  from: number;
  to: number;
  complete: boolean;
  /** Where the user has read to; missing on servers before 0.2. */
  read_seq?: number;
  unread_count?: number;
  /** As of which `unread_count` is. */
  last_seq?: number;
}

export class Views {
  /** The last seq per room that the app got. */
  readonly positions = new Map<string, number>();
  readonly #asked = new Map<string, number>();
  readonly #behind = new Set<string>();
  readonly #filling = new Set<string>();
  readonly #read = new Map<string, number>();
  #early: Map<string, number> | undefined;
  #looks = 0;

  /**
   * Whether this event is the next of its room. If there is no room in the queue, the room is
   * marked as behind.
   */
  take(chatId: string, seq: number, hasPlace: boolean): boolean {
    if (this.#early !== undefined && !this.positions.has(chatId)) {
      if (!this.#early.has(chatId)) this.#early.set(chatId, seq);
      return false;
    }
    const position = this.positions.get(chatId) ?? seq - 1;
    this.positions.set(chatId, position);
    if (seq <= position || this.#filling.has(chatId)) return false;
    if (seq === position + 1 && hasPlace) {
      this.positions.set(chatId, seq);
      return true;
    }
    // A running replay will bring it again, unless the queue is full.
    if (!this.#asked.has(chatId) || !hasPlace) this.#behind.add(chatId);
    return false;
  }

  /**
   * Registers a room from REST before the first connection.
   * @returns whether it was new, as does the next method.
   */
  startAtEnd(room: Pick<Room, 'chat_id' | 'last_seq' | 'read_seq'>): boolean {
    this.readTo(room.chat_id, room.read_seq);
    return this.startAt(room.chat_id, room.last_seq);
  }

  /**
   * Registers a room from REST after a reconnect. If the user joined it meanwhile, its unread part
   * was missed.
   */
  cameInto(room: Pick<Room, 'chat_id' | 'last_seq' | 'read_seq'>): boolean {
    const isNew = this.startAt(room.chat_id, Math.max(room.read_seq, room.last_seq - NEWCOMER_EVENTS));
    if (isNew) this.#behind.add(room.chat_id);
    return isNew;
  }

  /**
   * The app takes the room as of `last_seq`, and gets what comes after it, which the server delivers
   * again where it was delivered before.
   * @returns whether it was new.
   */
  restart(room: Pick<Room, 'chat_id' | 'last_seq' | 'read_seq'>): boolean {
    const isNew = this.startAtEnd(room);
    const position = this.positions.get(room.chat_id) as number;
    if (!this.#filling.has(room.chat_id)) this.positions.set(room.chat_id, Math.min(position, room.last_seq));
    return isNew;
  }

  /** @returns whether the user had not read so far, as far as is known. */
  readTo(chatId: string, seq: number): boolean {
    const isNews = seq > (this.#read.get(chatId) ?? -1);
    if (isNews) this.#read.set(chatId, seq);
    return isNews;
  }

  /** Starts a room after this seq; known rooms are unchanged. */
  startAt(chatId: string, seq: number): boolean {
    if (this.positions.has(chatId)) return false;
    this.positions.set(chatId, seq);
    return true;
  }

  /**
   * The app has read the room up to `seq` elsewhere and needs every event after it: what was before
   * its position is requested again.
   */
  follow(chatId: string, seq: number): void {
    const position = this.positions.get(chatId);
    if (this.#filling.has(chatId) || (position !== undefined && position <= seq)) return;
    this.positions.set(chatId, seq);
    this.#asked.delete(chatId);
    this.#behind.add(chatId);
  }

  /**
   * Until the last lookup is `sure`, the first event of an unknown room may not be its beginning:
   * earlier ones may be missing.
   */
  unsure(): number {
    this.#early ??= new Map();
    return ++this.#looks;
  }

  sure(look: number): void {
    if (look !== this.#looks) return;
    for (const [chatId, seq] of this.#early ?? []) if (this.startAt(chatId, seq - 1)) this.#behind.add(chatId);
    this.#early = undefined;
  }

  forget(chatId: string): void {
    for (const part of [this.positions, this.#asked, this.#behind, this.#filling, this.#read]) part.delete(chatId);
  }

  /** Requests of the last connection are void. */
  connected(): void {
    this.#asked.clear();
    this.#behind.clear();
    for (const chatId of this.positions.keys()) if (!this.#filling.has(chatId)) this.#behind.add(chatId);
  }

  /** The last requests may not have been received. */
  unanswered(): void {
    for (const chatId of this.#asked.keys()) this.#behind.add(chatId);
    this.#asked.clear();
  }

  /** The resume frames; each room is requested once at a time. */
  resumes(): object[] {
    const due = [...this.#behind].filter((chatId) => !this.#asked.has(chatId) && !this.#filling.has(chatId));
    const frames: object[] = [];
    for (let first = 0; first < due.length; first += ROOMS_PER_RESUME) {
      const rooms: Record<string, number> = {};
      for (const chatId of due.slice(first, first + ROOMS_PER_RESUME)) {
        const position = this.positions.get(chatId) as number;
        rooms[chatId] = position;
        this.#asked.set(chatId, position);
        this.#behind.delete(chatId);
      }
      frames.push({ type: 'resume', rooms });
    }
    return frames;
  }

  /**
   * Handles the server's response.
   * @returns the rooms that must be filled from history.
   */
  resumed(rooms: Record<string, Resumed>): string[] {
    return Object.entries(rooms)
      .filter(([chatId, answer]) => this.#mustBeFilled(chatId, answer))
      .map(([chatId]) => {
        this.#filling.add(chatId);
        return chatId;
      });
  }

  #mustBeFilled(chatId: string, { from, to, complete }: Resumed): boolean {
    const asked = this.#asked.get(chatId);
    if (asked === undefined || asked !== from) return false;
    this.#asked.delete(chatId);
    const position = this.positions.get(chatId) ?? asked;
    const served = complete && (position > asked || position >= to);
    if (served && position < to) this.#behind.add(chatId);
    return !served && !this.#behind.has(chatId);
  }

  filledTo(chatId: string, seq: number): void {
    if (this.#filling.has(chatId)) this.positions.set(chatId, seq);
  }

  /** History has been read; what came meanwhile is in the log. */
  filled(chatId: string): void {
    if (this.#filling.delete(chatId)) this.#behind.add(chatId);
  }
}
