// Stores of the user's rooms: the list, one of them, the badges.
import type { ChatClient } from '../client.ts';
import type { Room } from '../models.ts';
import type { Page } from '../pages.ts';
import { later } from '../platform.ts';
import type { People } from './people.ts';
import { RoomList } from './room-list.ts';
import { type Batch, Source, type Store } from './store.ts';
import { type RoomView, RoomViews } from './views.ts';

export interface RoomsSnapshot {
  readonly status: 'loading' | 'ready';
  /** Latest activity first. */
  readonly rooms: readonly RoomView[];
}

export interface Badges {
  /** Messages that the user has not read, in all rooms. */
  readonly unread: number;
  /** Rooms with such messages. */
  readonly rooms: number;
}

interface RoomStoresOptions {
  client: ChatClient;
  batch: Batch;
  people: People;
  watched(): void;
  left(): void;
  /** Applies the events that have come. */
  flush(): void;
}

/** Several deletions in a row are one look at a room. */
const READ_MS = 300;

export class RoomStores {
  readonly list = new RoomList();
  readonly rooms: Source<RoomsSnapshot>;
  readonly badges: Source<Badges>;
  readonly #options: RoomStoresOptions;
  readonly #views = new RoomViews();
  readonly #one = new Map<string, Source<RoomView | undefined>>();
  /** The rooms of the pages so far; undefined once all have been read. */
  #listed: Set<string> | undefined;
  #isListed = false;
  #isReading = false;

  constructor(options: RoomStoresOptions) {
    this.#options = options;
    this.rooms = new Source({ ...options, make: () => this.#makeRooms() });
    this.badges = new Source({ ...options, make: () => this.#makeBadges() });
  }

  /** A room of the list; undefined if it is not there. */
  room(chatId: string): Store<RoomView | undefined> {
    const make = (): RoomView | undefined => {
      const room = this.list.rooms.get(chatId);
      return room && this.#view(room);
    };
    const made = this.#one.get(chatId) ?? new Source({ ...this.#options, make });
    this.#one.set(chatId, made);
    return made;
  }

  changed(): void {
    this.rooms.changed();
    this.badges.changed();
    for (const source of this.#one.values()) source.changed();
    if (this.list.hasStale) void this.#readStale();
  }

  /** A new connection reads the rooms. */
  begin(): void {
    this.#listed = new Set();
  }

  /** Pages come before the events after them. */
  page({ items, has_more }: Page<Room>): void {
    for (const room of items) {
      this.#listed?.add(room.chat_id);
      this.list.learn(room);
    }
    if (!has_more) {
      if (this.#listed !== undefined) this.list.only(this.#listed);
      this.#listed = undefined;
      this.#isListed = true;
    }
    this.changed();
  }

  /** Reads rooms again whose counts cannot be told from the events. */
  async #readStale(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    const { client, batch, flush } = this.#options;
    await new Promise<void>((resolve) => later(READ_MS, resolve));
    for (const chatId of this.list.takeStale()) {
      const room = await client.chats.get(chatId).catch(() => undefined);
      batch.run(() => {
        flush();
        if (room === undefined) this.list.unread(chatId);
        else this.list.learn(room);
        this.changed();
      });
    }
    this.#isReading = false;
    if (this.list.hasStale) void this.#readStale();
  }

  #view(room: Room): RoomView {
    return this.#views.view(room, (id) => this.#options.people.get(id));
  }

  #makeRooms(): RoomsSnapshot {
    return { status: this.#isListed ? 'ready' : 'loading', rooms: this.list.sorted().map((room) => this.#view(room)) };
  }

  #makeBadges(): Badges {
    const rooms = [...this.list.rooms.values()].filter(({ unread_count }) => unread_count > 0);
    return { unread: rooms.reduce((sum, { unread_count }) => sum + unread_count, 0), rooms: rooms.length };
  }
}
