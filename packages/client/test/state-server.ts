// A model of the server for the stores: the log of one room, and the messages that it makes.
import type { Frame } from '../src/machine.ts';
import { type Message, newMessage } from '../src/models.ts';
import { mergePatch } from '../src/state/merge-patch.ts';
import type { HistoryPage, PageQuery } from '../src/state/timeline.ts';

export const ROOM = 'room';
export const ME = 'usr_me';
const EPOCH = '2026-01-01T12:00:00.000Z';
const HELLO: Frame = { type: 'hello', user_id: ME, server_time: EPOCH, token_expires_at: '2027-01-01T12:00:00.000Z' };

export type Call =
  | { do: 'edit'; id: string; content: string; custom: Record<string, unknown> }
  | { do: 'delete'; id: string }
  | { do: 'react'; id: string; emoji: string; action: 'added' | 'removed' };

const without = <T extends object, K extends keyof T>(from: T, key: K): Omit<T, K> => {
  const { [key]: _, ...rest } = from;
  return rest;
};

interface Given {
  user_id: string;
  emoji: string;
}

export class StateServer {
  readonly log: Frame[] = [];
  readonly messages = new Map<string, Message>();
  readonly #reactions = new Map<string, Given[]>();
  readonly #byClient = new Map<string, Frame>();
  /** Servers of an older version tell no counts. */
  readonly #tellsCounts: boolean;
  /** The oldest event that the log holds. */
  first = 1;
  connected = false;
  #wire: Frame[] = [];
  #unread: Frame[] = [];

  constructor(tellsCounts: boolean) {
    this.#tellsCounts = tellsCounts;
  }

  // What happens in the room.

  post(sender: string, reply_to: string | null = null, client_id?: string): Frame {
    const seq = this.log.length + 1;
    const place = { id: `m${seq}`, chat_id: ROOM, seq, sender_id: sender, created_at: EPOCH };
    const message = newMessage({ ...place, content: `text ${seq}`, reply_to, client_id });
    this.messages.set(message.id, message);
    const more = reply_to === null ? {} : this.#counted(reply_to, 1);
    return this.#append({ type: 'message', ...message, ...more });
  }

  /** @returns what the REST call answers: a message for an edit, else nothing. */
  call(by: string, call: Call): Message | undefined {
    const message = this.messages.get(call.id);
    if (message === undefined || message.is_deleted) return undefined;
    if (call.do === 'edit') this.#edit(message, call);
    else if (call.do === 'delete') this.#delete(message);
    else this.#react(message, by, call.emoji, call.action);
    return call.do === 'edit' ? this.shown(call.id) : undefined;
  }

  /** An event that changes no message. */
  join(): void {
    this.#append({ type: 'member_joined', user_id: 'usr_new', role: 'member' });
  }

  /** A message as a page shows it. */
  shown(id: string): Message {
    const given = this.#reactions.get(id) ?? [];
    const emojis = [...new Set(given.map(({ emoji }) => emoji))];
    return {
      ...(this.messages.get(id) as Message),
      reactions: emojis.map((emoji) => {
        const user_ids = given.filter((one) => one.emoji === emoji).map(({ user_id }) => user_id);
        return { emoji, count: user_ids.length, user_ids, me: user_ids.includes(ME) };
      }),
    };
  }

  all(thread?: string): Message[] {
    const found = [...this.messages.values()].filter(({ reply_to }) => thread === undefined || reply_to === thread);
    return found.map(({ id }) => this.shown(id));
  }

  page({ before_seq = Number.POSITIVE_INFINITY, after_seq, limit }: PageQuery, thread?: string): HistoryPage {
    const all = this.all(thread);
    const found =
      after_seq === undefined
        ? all.filter(({ seq }) => seq < before_seq).reverse()
        : all.filter(({ seq }) => seq > after_seq);
    return { items: found.slice(0, limit), has_more: found.length > limit, last_seq: this.log.length };
  }

  // The connection.

  connect(): void {
    this.connected = true;
    this.#wire = [HELLO];
    this.#unread = [];
  }

  cut(read: number): void {
    for (let i = 0; i < read; i++) this.readOne();
    this.connected = false;
  }

  take(text: string): void {
    this.#unread.push(JSON.parse(text) as Frame);
  }

  readOne(): void {
    const frame = this.#unread.shift();
    if (frame?.type === 'resume') this.#replay((frame.rooms as Record<string, number>)[ROOM] as number);
    else if (frame?.message !== undefined) this.#send(frame);
  }

  deliver(): Frame | undefined {
    return this.connected ? this.#wire.shift() : undefined;
  }

  double(): void {
    const [next] = this.#wire;
    if (next !== undefined && next.type !== 'hello') this.#wire.unshift(next);
  }

  #replay(from: number): void {
    const complete = this.first - 1 <= from && from <= this.log.length;
    if (complete) this.#wire.push(...this.log.slice(from));
    const to = complete ? this.log.length : from;
    this.#wire.push({ type: 'resumed', rooms: { [ROOM]: { from, to, complete } } });
  }

  #send(frame: Frame): void {
    const clientId = frame.client_id as string;
    const at = this.#wire.length;
    const done = this.#byClient.get(clientId) ?? this.post(ME, (frame.reply_to as string) ?? null, clientId);
    this.#byClient.set(clientId, done);
    const { id: message_id, chat_id, seq, created_at } = done;
    this.#wire.splice(at, 0, { type: 'ack', client_id: clientId, message_id, chat_id, seq, created_at });
  }

  #append(frame: Frame): Frame {
    const logged = { ...frame, chat_id: ROOM, seq: this.log.length + 1 };
    this.log.push(logged);
    if (this.connected) this.#wire.push(logged);
    return logged;
  }

  #counted(parent: string, change: 1 | -1): object {
    const message = this.messages.get(parent);
    if (message === undefined) return {};
    const parent_thread_count = message.thread_count + change;
    this.messages.set(parent, { ...message, thread_count: parent_thread_count });
    return this.#tellsCounts ? { parent_thread_count } : {};
  }

  #edit(message: Message, { content, custom: patch }: Call & { do: 'edit' }): void {
    const custom = mergePatch(message.custom, patch);
    const { id: message_id, attachments, mentions, updated_at } = message;
    const changed = { content, is_edited: true, ...(Object.keys(custom).length > 0 ? { custom } : {}) };
    this.messages.set(message_id, { ...without(message, 'custom'), ...changed });
    this.#append({ type: 'message_updated', message_id, attachments, mentions, updated_at, ...changed });
  }

  /** Its text is removed from the log too. */
  #delete(message: Message): void {
    const gone = { content: '', attachments: [], mentions: [], is_deleted: true };
    this.messages.set(message.id, { ...without(message, 'custom'), ...gone });
    this.#reactions.delete(message.id);
    for (const [i, frame] of this.log.entries())
      if (frame.id === message.id || (frame.type === 'message_updated' && frame.message_id === message.id))
        this.log[i] = { ...without(frame, 'custom'), ...gone };
    const { reply_to } = message;
    const more = reply_to === null ? {} : { reply_to, ...this.#counted(reply_to, -1) };
    this.#append({ type: 'message_deleted', message_id: message.id, ...more });
  }

  #react({ id }: Message, user_id: string, emoji: string, action: 'added' | 'removed'): void {
    const given = this.#reactions.get(id) ?? [];
    const isThere = given.some((one) => one.user_id === user_id && one.emoji === emoji);
    if (isThere === (action === 'added')) return;
    const left = given.filter((one) => one.user_id !== user_id || one.emoji !== emoji);
    const next = action === 'added' ? [...left, { user_id, emoji }] : left;
    this.#reactions.set(id, next);
    const count = next.filter((one) => one.emoji === emoji).length;
    this.#append({ type: 'reaction', message_id: id, user_id, emoji, action, ...(this.#tellsCounts ? { count } : {}) });
  }
}
