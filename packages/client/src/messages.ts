// Messages of rooms and conversations.
import type { Message, Reactor } from './models.ts';
import { type Page, pageOf } from './pages.ts';
import { path } from './paths.ts';
import { newId } from './platform.ts';
import type { CallOptions, Paging, Rest } from './rest.ts';

/** A room or a user. */
export interface Place {
  chat_id?: string;
  recipient_id?: string;
}

export interface SendInput extends Place {
  /** 1–4,000 characters; optional with `attachments`. */
  content?: string;
  message_type?: 'text' | 'image' | 'file';
  /** Ids of files that the caller uploaded, at most 20. */
  attachments?: string[];
  /** The id of a message. */
  reply_to?: string;
  /** Idempotency key of 1–64 characters; default: generated. A repeat returns the first message. */
  client_id?: string;
  /** Of the application's own: at most 4 KiB as JSON, and 5 levels. */
  custom?: Record<string, unknown>;
}

/** At least one of both. */
export interface MessageEdit {
  content?: string;
  /** A merge patch (RFC 7396): null removes a key. */
  custom?: Record<string, unknown>;
}

export interface ListQuery extends Place, Paging {
  /** Messages before this seq, newest first. Requires a room or a user; as fast at any depth. */
  before_seq?: number;
  /** Messages after this seq, oldest first; likewise. */
  after_seq?: number;
  /** Only replies to this message. */
  thread_of?: string;
}

export interface ReadInput {
  chat_id: string;
  /** The last seq that was read; never goes back. */
  seq: number;
}

/** Every method rejects with `ChatApiError`. */
export class MessagesApi {
  readonly #rest: Rest;

  constructor(rest: Rest) {
    this.#rest = rest;
  }

  /**
   * Sends to a room (`chat_id`) or a user (`recipient_id`). Posting to a public room joins it, to
   * an unknown one creates it. `CONFLICT`: the `client_id` was used for other content.
   */
  send(input: SendInput, options?: CallOptions): Promise<Message> {
    return this.#rest.call('POST', '/messages/', { ...options, body: { client_id: newId(), ...input } });
  }

  /** One page of a room, a conversation or all rooms of the caller, newest first. */
  async list(query: ListQuery = {}, options?: CallOptions): Promise<Page<Message>> {
    return pageOf('messages', await this.#rest.call('GET', '/messages/', { ...options, query }));
  }

  /**
   * The history of a room or conversation, read in pages of 100: newest first from `before_seq` or
   * the end, or oldest first from `after_seq`.
   */
  async *iterate(query: Omit<ListQuery, keyof Paging | 'thread_of'>): AsyncGenerator<Message, void, undefined> {
    let at = query;
    while (true) {
      const { items, has_more } = await this.list({ ...at, limit: 100 });
      yield* items;
      const last = items.at(-1);
      if (!has_more || last === undefined) return;
      at = { ...at, [at.after_seq === undefined ? 'before_seq' : 'after_seq']: last.seq };
    }
  }

  get(messageId: string, options?: CallOptions): Promise<Message> {
    return this.#rest.call('GET', path`/messages/${messageId}`, options);
  }

  /** Edits a message. Its sender only. */
  update(messageId: string, input: MessageEdit & { is_edited?: boolean }, options?: CallOptions): Promise<Message> {
    return this.#rest.call('PUT', path`/messages/${messageId}`, { ...options, body: input });
  }

  /**
   * Deletes a message: it stays in its place without its text. For its sender, the room's
   * moderators and admins.
   */
  delete(messageId: string, options?: CallOptions): Promise<void> {
    return this.#rest.call('DELETE', path`/messages/${messageId}`, options);
  }

  markRead({ chat_id, seq }: ReadInput, options?: CallOptions): Promise<void> {
    return this.#rest.call('PUT', path`/rooms/${chat_id}/read`, { ...options, body: { seq } });
  }

  /**
   * Adds a reaction; idempotent. `emoji`: a single one; its spellings (with and without U+FE0F) are
   * one. `CONFLICT` with the reason `too_many_reactions`: the message has 50 other emojis.
   */
  react(messageId: string, emoji: string, options?: CallOptions): Promise<void> {
    return this.#rest.call('PUT', path`/messages/${messageId}/reactions/${emoji}`, options);
  }

  unreact(messageId: string, emoji: string, options?: CallOptions): Promise<void> {
    return this.#rest.call('DELETE', path`/messages/${messageId}/reactions/${emoji}`, options);
  }

  /** Who reacted with `emoji`, the first ones first. `cursor`: `next_cursor` of the page before. */
  async reactors(messageId: string, emoji: string, query: Paging = {}, options?: CallOptions): Promise<Page<Reactor>> {
    const answer = await this.#rest.call<Record<string, unknown>>(
      'GET',
      path`/messages/${messageId}/reactions/${emoji}`,
      { ...options, query },
    );
    return pageOf('users', answer);
  }

  /**
   * Searches the rooms that the caller may read, or one of them, newest first. `q`: at most 200
   * characters. All words must be there, `"a phrase"` in its order, `-word` not; the last word may
   * be unfinished. Case and accents make no difference.
   */
  async search(query: { q: string; chat_id?: string } & Paging, options?: CallOptions): Promise<Page<Message>> {
    return pageOf('messages', await this.#rest.call('GET', '/messages/search', { ...options, query }));
  }
}
