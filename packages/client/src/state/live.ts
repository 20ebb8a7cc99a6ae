// The state of a chat app: stores over one connection. The connection opens with the first look at
// a store and closes some time after the last, so pages that are made on a server open none.
import type { ChatClient } from '../client.ts';
import type { ChatApiError } from '../errors.ts';
import type { AnyEvent, RealtimeState } from '../events.ts';
import type { Presence } from '../models.ts';
import { later } from '../platform.ts';
import type { Realtime, RealtimeOptions } from '../realtime.ts';
import type { RoomsPage } from '../state-pages.ts';
import { Conversation } from './conversation.ts';
import type { Host } from './host.ts';
import { type Incoming, receive } from './incoming.ts';
import { Members, type MembersSnapshot } from './members.ts';
import { People, type UserView } from './people.ts';
import { Room } from './room.ts';
import type { RoomList } from './room-list.ts';
import { type Badges, RoomStores, type RoomsSnapshot } from './room-stores.ts';
import { Batch, Source, type Store } from './store.ts';
import { TypingRooms } from './typing.ts';
import type { RoomView } from './views.ts';

export type LiveOptions = Pick<RealtimeOptions, 'outbox' | 'shareTabs' | 'maxDelayMs'>;

export interface ConnectionSnapshot {
  readonly state: RealtimeState;
  /** Why it was lost last, or closed. */
  readonly error?: ChatApiError;
}

/** A component that is replaced by the next must not cost a connection. */
const LINGER_MS = 10_000;

export class Live implements Incoming {
  readonly client: ChatClient;
  readonly people: People;
  readonly typingRooms: TypingRooms;
  readonly #options: LiveOptions;
  readonly #batch = new Batch();
  readonly #host: Host;
  readonly #rooms = new Map<string, Room>();
  readonly #conversations = new Map<string, Conversation>();
  readonly #members = new Map<string, Members>();
  readonly #connection: Source<ConnectionSnapshot>;
  readonly #stores: RoomStores;
  #realtime: Realtime | undefined;
  #state: ConnectionSnapshot = { state: 'idle' };
  #queue: AnyEvent[] = [];
  #isFlushing = false;
  #me: string | undefined;
  #users = 0;
  #stopLingering: () => void = () => undefined;

  constructor(client: ChatClient, options: LiveOptions = {}) {
    this.client = client;
    this.#options = options;
    const watched = (): void => {
      this.#retain();
      this.#connect();
    };
    const left = (): void => this.#release();
    const common = { batch: this.#batch, watched, left };
    const changed = (): void => this.#peopleChanged();
    this.people = new People({ ...common, client, changed, isActive: () => this.#users > 0 });
    this.typingRooms = new TypingRooms({ ...common, people: this.people });
    this.#connection = new Source({ ...common, make: () => this.#state });
    this.#stores = new RoomStores({ ...common, client, people: this.people, flush: () => this.#flush() });
    this.#host = {
      client,
      batch: this.#batch,
      people: this.people,
      rooms: this.list,
      connect: () => this.#connect(),
      me: () => this.#me,
      retain: () => this.#retain(),
      release: () => this.#release(),
      flush: () => this.#flush(),
      roomsChanged: () => this.roomsChanged(),
    };
  }

  get list(): RoomList {
    return this.#stores.list;
  }

  /** The user's id, once connected. */
  get me(): string | undefined {
    return this.#me;
  }

  connection(): Store<ConnectionSnapshot> {
    return this.#connection;
  }

  /** The user's rooms. */
  rooms(): Store<RoomsSnapshot> {
    return this.#stores.rooms;
  }

  /** A room of the list; undefined if it is not there. */
  info(chatId: string): Store<RoomView | undefined> {
    return this.#stores.room(chatId);
  }

  /** The messages of a room, and what can be done there. */
  room(chatId: string): Room {
    const known = this.#rooms.get(chatId);
    if (known !== undefined) return known;
    const conversation = new Conversation(this.#host, chatId);
    const room = new Room(conversation);
    this.#conversations.set(chatId, conversation);
    this.#rooms.set(chatId, room);
    return room;
  }

  members(chatId: string): Store<MembersSnapshot> & Pick<Members, 'loadMore'> {
    const members = this.#members.get(chatId) ?? new Members(this.#host, chatId);
    this.#members.set(chatId, members);
    return members;
  }

  /** Who else types there. */
  typing(chatId: string): Store<readonly UserView[]> {
    return this.typingRooms.store(chatId);
  }

  user(userId: string): Store<UserView | undefined> {
    return this.people.user(userId);
  }

  presence(userId: string): Store<Presence | undefined> {
    return this.people.presence(userId);
  }

  badges(): Store<Badges> {
    return this.#stores.badges;
  }

  /** Connects again after the connection was closed for good, such as after a new login. */
  reconnect(): void {
    if (this.#realtime?.state === 'closed') this.#realtime = undefined;
    if (this.#users > 0) this.#connect();
  }

  /** Closes the connection; the next look at a store opens another one. */
  async close(): Promise<void> {
    this.#stopLingering();
    const realtime = this.#realtime;
    this.#realtime = undefined;
    this.typingRooms.clear();
    await realtime?.close();
  }

  // What came in; called by `receive`.

  stateChanged({ to }: { to: RealtimeState }): void {
    const error = this.#realtime?.lastError;
    this.#state = { state: to, error: to === 'connected' || error?.code === 'CLIENT_CLOSED' ? undefined : error };
    this.#connection.changed();
    if (to !== 'connected') return;
    this.#greet(this.#realtime?.userId);
    this.people.connected();
    for (const room of this.#conversations.values()) room.reconnected();
    for (const members of this.#members.values()) void members.reload();
  }

  conversationOf(chatId: string): Conversation | undefined {
    return this.#conversations.get(chatId);
  }

  membersOf(chatId: string): Members | undefined {
    return this.#members.get(chatId);
  }

  roomsChanged(): void {
    this.#stores.changed();
  }

  #greet(me: string | undefined): void {
    if (this.#me !== undefined && me !== this.#me) {
      this.list.clear();
      for (const room of this.#conversations.values()) room.forget();
      this.roomsChanged();
    }
    this.#me = me;
    this.list.me = me;
  }

  #retain(): void {
    this.#stopLingering();
    this.#users++;
  }

  #release(): void {
    if (--this.#users > 0) return;
    this.#stopLingering = later(LINGER_MS, () => void this.close());
  }

  #connect(): Realtime {
    if (this.#realtime === undefined) {
      this.#stores.begin();
      const realtime = this.client.websocket.connect(undefined, {
        ...this.#options,
        onRooms: (page) => {
          if (realtime === this.#realtime) this.#takeRooms(page);
        },
      });
      this.#realtime = realtime;
      void this.#listen(realtime);
      // What is loaded continues where it was.
      for (const room of this.#conversations.values()) {
        room.reconnected();
        room.follow();
      }
    }
    return this.#realtime;
  }

  async #listen(realtime: Realtime): Promise<void> {
    for await (const event of realtime.events()) {
      if (realtime !== this.#realtime) break;
      this.#queue.push(event);
      if (this.#isFlushing) continue;
      this.#isFlushing = true;
      // One change of the page for all events of a turn.
      setTimeout(() => {
        this.#isFlushing = false;
        this.#flush();
      });
    }
  }

  #flush(): void {
    this.#batch.run(() => {
      const events = this.#queue;
      this.#queue = [];
      for (const event of events) receive(this, event);
    });
    for (const conversation of this.#conversations.values()) conversation.follow();
  }

  #takeRooms(page: RoomsPage): void {
    this.#batch.run(() => {
      this.#flush();
      this.people.learn(page.users);
      for (const [id, presence] of Object.entries(page.presence ?? {})) this.people.learnPresence(id, presence);
      this.#stores.page(page);
    });
  }

  #peopleChanged(): void {
    this.#stores.changed();
    for (const room of this.#conversations.values()) room.peopleChanged();
    for (const members of this.#members.values()) members.peopleChanged();
    this.typingRooms.peopleChanged();
  }
}

const LIVES = new WeakMap<ChatClient, Live>();

/** The state of this client: the same object at each call, so components share a connection. */
export function live(client: ChatClient, options?: LiveOptions): Live {
  const known = LIVES.get(client) ?? new Live(client, options);
  LIVES.set(client, known);
  return known;
}
