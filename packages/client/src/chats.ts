// Rooms and their members.
import type { Member, Room, RoomRole } from './models.ts';
import { type Page, pageOf, pages } from './pages.ts';
import { type CallOptions, type Paging, path, type Rest } from './rest.ts';

export interface ChatInput {
  /** 1–64 of `A–Z a–z 0–9 _ . : -`, default a new one; `CONFLICT` when it is taken. */
  chat_id?: string;
  /** At most 100 characters. */
  name?: string;
  /** At most 500 characters. */
  topic?: string;
  visibility?: 'public' | 'private';
  member_ids?: string[];
}

export interface ChatPatch {
  name?: string | null;
  topic?: string | null;
  /** Owners alone. */
  visibility?: 'public' | 'private';
  /** Between two messages of one member; 0: off. */
  slow_mode_seconds?: number;
}

/** Every method rejects with `ChatApiError`; a room that the caller may not read is `RESOURCE_NOT_FOUND`. */
export class ChatsApi {
  readonly #rest: Rest;

  constructor(rest: Rest) {
    this.#rest = rest;
  }

  create(input: ChatInput, options?: CallOptions): Promise<Room> {
    return this.#rest.call('POST', '/rooms', { ...options, body: input, safe: false });
  }

  /** My rooms, latest activity first. */
  async list(query: Paging = {}, options?: CallOptions): Promise<Page<Room>> {
    return pageOf('rooms', await this.#rest.call('GET', '/rooms', { ...options, query }));
  }

  /** All my rooms, page by page. */
  iterate(): AsyncGenerator<Room, void, undefined> {
    return pages((skip) => this.list({ limit: 100, skip }));
  }

  /** Public rooms, by id, name or topic. */
  async listPublic(query: { search?: string } & Paging = {}, options?: CallOptions): Promise<Page<Room>> {
    return pageOf('rooms', await this.#rest.call('GET', '/rooms/public', { ...options, query }));
  }

  get(chatId: string, options?: CallOptions): Promise<Room> {
    return this.#rest.call('GET', path`/rooms/${chatId}`, options);
  }

  /** Changes the given fields: owners and the room's moderators. */
  update(chatId: string, patch: ChatPatch, options?: CallOptions): Promise<Room> {
    return this.#rest.call('PUT', path`/rooms/${chatId}`, { ...options, body: patch });
  }

  /** Owners only; the id stays taken. */
  delete(chatId: string, options?: CallOptions): Promise<void> {
    return this.#rest.call('DELETE', path`/rooms/${chatId}`, options);
  }

  join(chatId: string, options?: CallOptions): Promise<void> {
    return this.#rest.call('POST', path`/rooms/${chatId}/join`, options);
  }

  leave(chatId: string, options?: CallOptions): Promise<void> {
    return this.#rest.call('POST', path`/rooms/${chatId}/leave`, options);
  }

  async members(chatId: string, query: Paging = {}, options?: CallOptions): Promise<Page<Member>> {
    return pageOf('members', await this.#rest.call('GET', path`/rooms/${chatId}/members`, { ...options, query }));
  }

  addMember(chatId: string, userId: string, options?: CallOptions): Promise<Member> {
    return this.#rest.call('POST', path`/rooms/${chatId}/members`, { ...options, body: { user_id: userId } });
  }

  changeRole(chatId: string, userId: string, role: RoomRole, options?: CallOptions): Promise<Member> {
    return this.#rest.call('PUT', path`/rooms/${chatId}/members/${userId}`, { ...options, body: { role } });
  }

  removeMember(chatId: string, userId: string, options?: CallOptions): Promise<void> {
    return this.#rest.call('DELETE', path`/rooms/${chatId}/members/${userId}`, options);
  }

  /** Reading goes on, sending is refused. `until`: RFC 3339; unset: until `unmute`. */
  mute(chatId: string, userId: string, input: { until?: string | null } = {}, options?: CallOptions): Promise<Member> {
    return this.#rest.call('PUT', path`/rooms/${chatId}/members/${userId}/mute`, { ...options, body: input });
  }

  unmute(chatId: string, userId: string, options?: CallOptions): Promise<void> {
    return this.#rest.call('DELETE', path`/rooms/${chatId}/members/${userId}/mute`, options);
  }
}
