// Owns: per room, which event comes next. Each is given to the app once and in order, whatever the network delivers.
// Does not own: sockets, time, REST; it says which rooms to resume and which to fill from history. It keeps no frame: what
// comes too early, or while the app lags, is dropped and asked for again, so memory does not grow with what was missed.
import type { Room } from './models.ts';

/** Keeps the frame below the server's 64 KiB and 2,000 rooms. */
const ROOMS_PER_RESUME = 400;
/** Of a room that the user came into while away, at most this much is replayed. */
const NEWCOMER_EVENTS = 1000;

export interface Resumed {
  from: number;
  to: number;
  complete: boolean;
}

export class Views {
  /** The last seq of each room that the app was given. */
  readonly positions = new Map<string, number>();
  readonly #asked = new Map<string, number>();
  readonly #behind = new Set<string>();
  readonly #filling = new Set<string>();
  #early: Map<string, number> | undefined;
  #looks = 0;

  /** Whether this event is the next of its room. Without place for it, the room is remembered as behind. */
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
    // A replay under way brings it again, unless it is the app that has no place.
    if (!this.#asked.has(chatId) || !hasPlace) this.#behind.add(chatId);
    return false;
  }

  /** A room as REST tells of it before the first connection. @returns whether it was new, as the next one does. */
  startAtEnd(room: Pick<Room, 'chat_id' | 'last_seq'>): boolean {
    return this.startAt(room.chat_id, room.last_seq);
  }

  /** A room as REST tells of it after a reconnect: into a new one the user came meanwhile; what is unread was missed. */
  cameInto(room: Pick<Room, 'chat_id' | 'last_seq' | 'read_seq'>): boolean {
    const isNew = this.startAt(room.chat_id, Math.max(room.read_seq, room.last_seq - NEWCOMER_EVENTS));
    if (isNew) this.#behind.add(room.chat_id);
    return isNew;
  }

  /** What comes after this is new; a room that is known stays where it is. */
  startAt(chatId: string, seq: number): boolean {
    if (this.positions.has(chatId)) return false;
    this.positions.set(chatId, seq);
    return true;
  }

  /** Until the last look is `sure`, the first event of an unknown room is not taken for its beginning: earlier ones may be missing. */
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
    for (const part of [this.positions, this.#asked, this.#behind, this.#filling]) part.delete(chatId);
  }

  /** A new connection knows nothing of what was asked on the last one. */
  connected(): void {
    this.#asked.clear();
    this.#behind.clear();
    for (const chatId of this.positions.keys()) if (!this.#filling.has(chatId)) this.#behind.add(chatId);
  }

  /** The frames that ask for what is missing; each room is asked for once at a time. */
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

  /** Takes the server's answer. @returns the rooms that only history can fill. */
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
