// Who types in which room, until they stop.
import type { People, UserView } from './people.ts';
import { type Batch, Source, type Store } from './store.ts';

/** Of servers that do not say how long. */
const DEFAULT_MS = 6000;

interface TypingOptions {
  batch: Batch;
  people: People;
  watched(): void;
  left(): void;
}

/** Somebody whose name is not known yet is not shown. */
export class TypingRooms {
  readonly #options: TypingOptions;
  readonly #rooms = new Map<string, Map<string, ReturnType<typeof setTimeout>>>();
  readonly #sources = new Map<string, Source<readonly UserView[]>>();
  readonly #last = new Map<string, readonly UserView[]>();

  constructor(options: TypingOptions) {
    this.#options = options;
  }

  store(chatId: string): Store<readonly UserView[]> {
    const { batch, watched, left } = this.#options;
    const made = this.#sources.get(chatId) ?? new Source({ batch, make: () => this.#make(chatId), watched, left });
    this.#sources.set(chatId, made);
    return made;
  }

  /** @param ms 0: stopped. */
  heard(chatId: string, userId: string, ms = DEFAULT_MS): void {
    const room = this.#rooms.get(chatId) ?? new Map();
    this.#rooms.set(chatId, room);
    clearTimeout(room.get(userId));
    if (ms > 0)
      room.set(
        userId,
        setTimeout(() => this.#stopped(chatId, userId), ms),
      );
    else room.delete(userId);
    this.#sources.get(chatId)?.changed();
  }

  /** Who sends has stopped typing. */
  sent(chatId: string, userId: string): void {
    if (this.#rooms.get(chatId)?.has(userId)) this.#stopped(chatId, userId);
  }

  peopleChanged(): void {
    for (const [chatId, { size }] of this.#rooms) if (size > 0) this.#sources.get(chatId)?.changed();
  }

  clear(): void {
    for (const [chatId, room] of this.#rooms) for (const userId of room.keys()) this.#stopped(chatId, userId);
  }

  #stopped(chatId: string, userId: string): void {
    clearTimeout(this.#rooms.get(chatId)?.get(userId));
    this.#rooms.get(chatId)?.delete(userId);
    this.#sources.get(chatId)?.changed();
  }

  #make(chatId: string): readonly UserView[] {
    const ids = [...(this.#rooms.get(chatId)?.keys() ?? [])];
    const next = ids.flatMap((id) => this.#options.people.get(id) ?? []);
    const last = this.#last.get(chatId);
    if (last !== undefined && last.length === next.length && next.every((user, i) => user === last[i])) return last;
    this.#last.set(chatId, next);
    return next;
  }
}
