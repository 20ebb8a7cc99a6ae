// A room, or a thread of it, as the app shows it.
import type { ChatApiError } from '../errors.ts';
import type { MessageEdit } from '../messages.ts';
import { later } from '../platform.ts';
import type { Conversation } from './conversation.ts';
import type { Host } from './host.ts';
import { mergePatch } from './merge-patch.ts';
import type { StateSendInput } from './room-actions.ts';
import type { MessageText } from './row.ts';
import { Source, type Store } from './store.ts';
import { type HistoryPage, type PageQuery, Timeline } from './timeline.ts';
import { type MessageView, MessageViews } from './views.ts';
import { WindowReader } from './window-reader.ts';

export interface RoomSnapshot {
  /** `loading`: nothing is known yet. `failed`: and nothing will be, for the reason in `error`. */
  readonly status: 'loading' | 'ready' | 'failed';
  /** In the order of the log; then the user's own that are on their way. */
  readonly messages: readonly MessageView[];
  readonly hasOlder: boolean;
  /** The window does not reach the end of the room; see `toLatest`. */
  readonly hasNewer: boolean;
  readonly isLoadingOlder: boolean;
  readonly isLoadingNewer: boolean;
  readonly error?: ChatApiError;
}

const EMPTY: readonly never[] = [];
/** The server tells others at most this often. */
const TYPING_MS = 2000;
/** Without a key for this long the user has stopped. */
const IDLE_MS = 4000;

/** The messages of a room, or the replies to one of its messages. */
export class Room implements Store<RoomSnapshot> {
  readonly chatId: string;
  readonly #host: Host;
  readonly #in: Conversation;
  readonly #threadOf: string | undefined;
  readonly #timeline: Timeline;
  readonly #reader: WindowReader;
  readonly #views = new MessageViews();
  readonly #source: Source<RoomSnapshot>;
  readonly #threads = new Map<string, Room>();
  #typedAt = Number.NEGATIVE_INFINITY;
  #endPause: () => void = () => undefined;
  #last: RoomSnapshot | undefined;

  readonly getSnapshot: Store<RoomSnapshot>['getSnapshot'];
  readonly getServerSnapshot: Store<RoomSnapshot>['getServerSnapshot'];
  readonly subscribe: Store<RoomSnapshot>['subscribe'];

  constructor(conversation: Conversation, threadOf?: string) {
    const { host, chatId } = conversation;
    this.chatId = chatId;
    this.#host = host;
    this.#in = conversation;
    this.#threadOf = threadOf;
    this.#timeline = new Timeline(threadOf);
    this.#source = new Source<RoomSnapshot>({
      batch: host.batch,
      make: () => this.#make(),
      watched: () => {
        host.retain();
        host.connect();
        void this.#reader.retry();
      },
      left: () => host.release(),
    });
    this.#reader = new WindowReader({
      timeline: this.#timeline,
      page: (query) => this.#page(query),
      change: (work) => conversation.changing(work),
      follow: (seq) => host.connect().follow(chatId, seq),
      isWatched: () => this.#source.isWatched,
    });
    this.getSnapshot = this.#source.getSnapshot;
    this.getServerSnapshot = this.#source.getServerSnapshot;
    this.subscribe = this.#source.subscribe;
    conversation.add({ timeline: this.#timeline, reader: this.#reader, changed: () => this.#source.changed() });
  }

  /** The replies to a message of this room. */
  thread(messageId: string): Room {
    const thread = this.#threads.get(messageId) ?? new Room(this.#in, messageId);
    this.#threads.set(messageId, thread);
    return thread;
  }

  loadOlder(): Promise<void> {
    return this.#reader.read('older');
  }

  loadNewer(): Promise<void> {
    return this.#reader.read('newer');
  }

  /** Shows the messages around a place, such as one that a search found. */
  around(seq: number): Promise<void> {
    return this.#reader.read('around', seq);
  }

  /** Shows the end of the room again. */
  async toLatest(): Promise<void> {
    if (!this.#timeline.isLoaded || this.#timeline.hasNewer) await this.#reader.read('latest');
  }

  /**
   * Shows the message at once and sends it, through reconnects and restarts.
   * @returns its `client_id`, for `retry` and `cancel`.
   */
  send(input: StateSendInput): string {
    this.#stopTyping();
    return this.#in.actions.send(this.#threadOf === undefined ? input : { reply_to: this.#threadOf, ...input });
  }

  /** Sends a failed message again. If it had arrived, it is not sent twice. */
  retry(clientId: string): void {
    this.#in.actions.retry(clientId);
  }

  /** Removes a message that failed, or has not been sent. One in flight may still arrive. */
  cancel(clientId: string): void {
    this.#in.actions.cancel(clientId);
  }

  /**
   * Changes the text, or what is given. Rejects, and shows what was before, if the server refuses
   * it; so do the next three.
   */
  edit(messageId: string, edit: string | MessageEdit): Promise<void> {
    const { messages } = this.#host.client;
    const input = typeof edit === 'string' ? { content: edit } : edit;
    const edited = ({ content, custom }: MessageText): MessageText => ({
      content: input.content ?? content,
      custom: input.custom ? mergePatch(custom, input.custom) : custom,
    });
    return this.#in.actions.change(messageId, { kind: 'edit', edited }, () => messages.update(messageId, input));
  }

  delete(messageId: string): Promise<void> {
    return this.#in.actions.change(messageId, { kind: 'delete' }, () => this.#host.client.messages.delete(messageId));
  }

  react(messageId: string, emoji: string): Promise<void> {
    const { messages } = this.#host.client;
    const change = { kind: 'react', emoji, action: 'added' } as const;
    return this.#in.actions.change(messageId, change, () => messages.react(messageId, emoji));
  }

  unreact(messageId: string, emoji: string): Promise<void> {
    const { messages } = this.#host.client;
    const change = { kind: 'react', emoji, action: 'removed' } as const;
    return this.#in.actions.change(messageId, change, () => messages.unreact(messageId, emoji));
  }

  /** @param seq default: the last message shown. */
  markRead(seq = this.#timeline.rows.at(-1)?.message.seq ?? 0): void {
    const { rooms, batch } = this.#host;
    const room = rooms.rooms.get(this.chatId);
    if (seq === 0 || (room !== undefined && room.read_seq >= seq)) return;
    this.#host.connect().markRead({ chat_id: this.chatId, seq });
    batch.run(() => {
      if (room !== undefined)
        rooms.read({ chat_id: this.chatId, read_seq: seq, unread_count: this.#unreadAfter(seq, room.unread_count) });
      this.#host.roomsChanged();
    });
  }

  /** To be called at each key: others see that the user types, until a pause or `send`. */
  type(): void {
    this.#endPause();
    this.#endPause = later(IDLE_MS, () => this.#stopTyping());
    const at = Date.now();
    if (at - this.#typedAt < TYPING_MS) return;
    this.#typedAt = at;
    this.#host.connect().typing(this.chatId);
  }

  #stopTyping(): void {
    if (this.#typedAt === Number.NEGATIVE_INFINITY) return;
    this.#endPause();
    this.#typedAt = Number.NEGATIVE_INFINITY;
    this.#host.connect().typing(this.chatId, { stop: true });
  }

  async #page(query: PageQuery): Promise<HistoryPage> {
    const { client, people, flush } = this.#host;
    const confirmed = this.#in.local.confirmed();
    const asked = { ...query, chat_id: this.chatId, thread_of: this.#threadOf };
    const { items, has_more, last_seq = 0, users } = await client.messages.list(asked);
    flush();
    people.learn(users);
    this.#in.changing(() => this.#in.local.shownBy(items, confirmed));
    return { items, has_more, last_seq };
  }

  /** Of the messages that are loaded, else what it was. */
  #unreadAfter(seq: number, before: number): number {
    const { rows, hasNewer, isLoaded } = this.#timeline;
    if (!isLoaded || hasNewer || (rows[0]?.message.seq ?? 0) > seq) return before;
    const me = this.#host.me();
    return rows.filter(({ message }) => message.seq > seq && message.sender_id !== me && !message.is_deleted).length;
  }

  #make(): RoomSnapshot {
    const timeline = this.#timeline;
    const { isLoaded, hasOlder, hasNewer } = timeline;
    const { error } = this.#reader;
    const mine = this.#in.local.sends.filter(
      ({ message }) => this.#threadOf === undefined || message.reply_to === this.#threadOf,
    );
    const sends = hasNewer ? EMPTY : mine;
    const messages = this.#views.list(timeline.rows, sends, this.#in.local, (id) => this.#host.people.get(id));
    const next: RoomSnapshot = {
      status: isLoaded ? 'ready' : error === undefined || error.retryable ? 'loading' : 'failed',
      messages,
      hasOlder,
      hasNewer,
      isLoadingOlder: timeline.isAsked('older'),
      isLoadingNewer: timeline.isAsked('newer'),
      error,
    };
    const last = this.#last;
    if (last === undefined || (Object.keys(next) as (keyof RoomSnapshot)[]).some((key) => next[key] !== last[key]))
      this.#last = next;
    return this.#last as RoomSnapshot;
  }
}
