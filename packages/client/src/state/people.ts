// People whom the stores show: names and pictures, read in batches, and kept fresh by events.
import type { ChatClient } from '../client.ts';
import type { ChatApiError } from '../errors.ts';
import type { Presence, Profile } from '../models.ts';
import { type Batch, Source, type Store } from './store.ts';

export interface UserView {
  readonly id: string;
  readonly username: string;
  readonly display_name: string;
  readonly avatar_url: string | null;
  readonly kind: 'user' | 'bot';
}

type Card = Omit<UserView, 'id'>;

const BATCH = 100;
/** The ids of one turn of the page are one request. */
const GATHER_MS = 10;

interface PeopleOptions {
  client: ChatClient;
  batch: Batch;
  /** A name or a picture is known or new. */
  changed(): void;
  watched(): void;
  left(): void;
  /** Nobody watches while a page is made on a server. */
  isActive(): boolean;
}

export class People {
  readonly #options: PeopleOptions;
  readonly #known = new Map<string, UserView>();
  readonly #presence = new Map<string, Presence>();
  readonly #sources = new Map<string, Source<unknown>>();
  /** Asked for, or known not to exist. */
  readonly #asked = new Set<string>();
  #wanted: string[] = [];
  #connections = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #hasBatches = true;

  constructor(options: PeopleOptions) {
    this.#options = options;
  }

  /** What is known; asks for it if nothing is. */
  get(id: string): UserView | undefined {
    const known = this.#known.get(id);
    if (known === undefined) this.#want(id);
    return known;
  }

  presenceOf(id: string): Presence | undefined {
    return this.#presence.get(id);
  }

  user(id: string): Store<UserView | undefined> {
    return this.#source('user', id, () => this.get(id));
  }

  /** Asked for while connected: what changes after the answer comes as an event. */
  presence(id: string): Store<Presence | undefined> {
    return this.#source('presence', id, () => {
      if (!this.#presence.has(id) && this.#connections > 0) this.#want(id);
      return this.#presence.get(id);
    });
  }

  /** Of a list's `users`. */
  learn(users: Readonly<Record<string, Card>> = {}): void {
    let isNews = false;
    for (const [id, { username, display_name, avatar_url, kind }] of Object.entries(users)) {
      const old = this.#known.get(id);
      // Uploaded pictures are relative to the server.
      const picture = avatar_url?.startsWith('/') ? this.#options.client.baseUrl + avatar_url : avatar_url;
      const next = { id, username, display_name, avatar_url: picture, kind };
      if (old !== undefined && (Object.keys(next) as (keyof UserView)[]).every((key) => old[key] === next[key]))
        continue;
      this.#known.set(id, next);
      this.#sources.get(`user ${id}`)?.changed();
      isNews = true;
    }
    if (isNews) this.#options.changed();
  }

  learnPresence(id: string, presence: Presence): void {
    this.#presence.set(id, presence);
    this.#sources.get(`presence ${id}`)?.changed();
  }

  /** What was known before may have changed while there was no connection. */
  connected(): void {
    this.#connections++;
    this.#presence.clear();
    for (const [key, source] of this.#sources) {
      const [kind, id] = key.split(' ');
      if (kind === 'user') continue;
      this.#asked.delete(id as string);
      source.changed();
    }
  }

  #source<T>(kind: 'user' | 'presence', id: string, make: () => T): Store<T> {
    const { batch, watched, left } = this.#options;
    const key = `${kind} ${id}`;
    const asked = (): void => {
      watched();
      make();
    };
    const made = this.#sources.get(key) ?? new Source<unknown>({ batch, make, watched: asked, left });
    this.#sources.set(key, made);
    return made as Source<T>;
  }

  #want(id: string): void {
    if (id === '' || this.#asked.has(id) || !this.#options.isActive()) return;
    this.#asked.add(id);
    this.#wanted.push(id);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const ids = this.#wanted;
      this.#wanted = [];
      for (let at = 0; at < ids.length; at += BATCH) void this.#read(ids.slice(at, at + BATCH));
    }, GATHER_MS);
  }

  async #read(ids: string[]): Promise<void> {
    const connections = this.#connections;
    try {
      const found = this.#hasBatches ? await this.#readAll(ids) : await this.#readEach(ids);
      if (found !== undefined) return this.#options.batch.run(() => this.#take(found, connections));
      this.#hasBatches = false;
      await this.#read(ids);
    } catch {
      // The next look asks again.
      for (const id of ids) this.#asked.delete(id);
    }
  }

  /** undefined: by a server of an older version, which has no batches. */
  async #readAll(ids: string[]): Promise<Profile[] | undefined> {
    try {
      const found = await this.#options.client.users.many(ids);
      return found.every(({ id }) => ids.includes(id)) ? found : undefined;
    } catch (error) {
      if ((error as ChatApiError).code === 'VALIDATION_ERROR') return undefined;
      throw error;
    }
  }

  async #readEach(ids: string[]): Promise<Profile[]> {
    const found: Profile[] = [];
    for (const id of ids) {
      const profile = await this.#options.client.users.get(id).catch((error) => error as ChatApiError);
      if ('username' in profile) found.push(profile);
      else if (profile.retryable) this.#asked.delete(id);
    }
    return found;
  }

  /** Presence that was asked for before the connection is asked for again. */
  #take(profiles: readonly Profile[], connections: number): void {
    this.learn(Object.fromEntries(profiles.map((profile) => [profile.id, profile])));
    if (connections !== this.#connections) return;
    for (const { id, presence } of profiles) this.learnPresence(id, presence);
  }
}
