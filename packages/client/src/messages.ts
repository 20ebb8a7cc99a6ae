// Messages of rooms and conversations.
import type { Message } from './models.ts';
import { type Page, pageOf } from './pages.ts';
import { newId } from './platform.ts';
import { type CallOptions, type Paging, path, type Rest } from './rest.ts';

/** A room or a person. */
export interface Place {
  chat_id?: string;
  recipient_id?: string;
}

export interface SendInput extends Place {
  /** 1–4,000 characters; may be missing with `attachments`. */
  content?: string;
  message_type?: 'text' | 'image' | 'file';
  /** Ids of uploaded files, at most 20. */
  attachments?: string[];
  /** The id of a message. */
  reply_to?: string;
  /** 1–64 characters, default a new one: under it a repeat answers the first message, for ever. */
  client_id?: string;
}

export interface ListQuery extends Place, Paging {
  /** Older than this, newest first; needs a room or a person and costs the same at any depth. */
  before_seq?: number;
  /** Newer than this, oldest first; likewise. */
  after_seq?: number;
  /** Only replies to this message. */
  thread_of?: string;
}

export interface ReadInput {
  chat_id: string;
  /** I have read up to here; never goes back. */
  seq: number;
}

/** Every method rejects with `ChatApiError`. */
export class MessagesApi {
  readonly #rest: Rest;

  constructor(rest: Rest) {
    this.#rest = rest;
  }

  /**
   * Sends to a room (`chat_id`) or a person (`recipient_id`), one of both. Posting to a public room joins it, to an
   * unknown one makes it. `CONFLICT`: the `client_id` was used for another text.
   */
  send(input: SendInput, options?: CallOptions): Promise<Message> {
    return this.#rest.call('POST', '/messages/', { ...options, body: { client_id: newId(), ...input } });
  }

  /** One page: of a room, of a conversation, or of all my rooms; newest first. */
  async list(query: ListQuery = {}, options?: CallOptions): Promise<Page<Message>> {
    return pageOf('messages', await this.#rest.call('GET', '/messages/', { ...options, query }));
  }

  /**
   * The whole history of a room or conversation, a page of 100 at a time: newest first, from `before_seq` or the end; with
   * `after_seq` oldest first, from there on.
   */
  async *iterate(query: Omit<ListQuery, 'limit' | 'skip' | 'thread_of'>): AsyncGenerator<Message, void, undefined> {
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

  /** By its sender. */
  update(messageId: string, input: { content: string; is_edited?: boolean }, options?: CallOptions): Promise<Message> {
    return this.#rest.call('PUT', path`/messages/${messageId}`, { ...options, body: input });
  }

  /** A deleted message stays in its place, without its text. By its sender, the room's moderators, admins. */
  delete(messageId: string, options?: CallOptions): Promise<void> {
    return this.#rest.call('DELETE', path`/messages/${messageId}`, options);
  }

  markRead({ chat_id, seq }: ReadInput, options?: CallOptions): Promise<void> {
    return this.#rest.call('PUT', path`/rooms/${chat_id}/read`, { ...options, body: { seq } });
  }

  /** `emoji`: one, of at most 32 bytes. A second time changes nothing. */
  react(messageId: string, emoji: string, options?: CallOptions): Promise<void> {
    return this.#rest.call('PUT', path`/messages/${messageId}/reactions/${emoji}`, options);
  }

  unreact(messageId: string, emoji: string, options?: CallOptions): Promise<void> {
    return this.#rest.call('DELETE', path`/messages/${messageId}/reactions/${emoji}`, options);
  }

  /** Full text in the rooms that the caller may read. `q`: at most 200 characters. */
  async search(query: { q: string } & Paging, options?: CallOptions): Promise<Page<Message>> {
    return pageOf('messages', await this.#rest.call('GET', '/messages/search', { ...options, query }));
  }
}
