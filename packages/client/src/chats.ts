// Rooms and their members.
import type { Member, Room, RoomRole } from './models.ts';
import { type Page, pageOf, pages } from './pages.ts';
import { path } from './paths.ts';
import type { CallOptions, Paging, Rest } from './rest.ts';

export interface ChatInput {
  /** 1–64 of `A–Z a–z 0–9 _ . : -`; default: generated. `CONFLICT` if it is taken. */
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
  /** Owners only. */
  visibility?: 'public' | 'private';
  /** Minimum seconds between two messages of a member; 0: off. */
  slow_mode_seconds?: number;
  /** Archives the room or brings it back. Owners only. */
  archived?: boolean;
}

export interface ChatQuery extends Paging {
  /** Only archived rooms; default: only others. */
  archived?: boolean;
}

/**
 * Every method rejects with `ChatApiError`, for a room without read access with
 * `RESOURCE_NOT_FOUND`.
 */
export class ChatsApi {
  readonly #rest: Rest;

  constructor(rest: Rest) {
    this.#rest = rest;
  }

  create(input: ChatInput, options?: CallOptions): Promise<Room> {
    return this.#rest.call('POST', '/rooms', { ...options, body: input, safe: false });
  }

  /** Lists the caller's rooms, latest activity first. */
  async list(query: ChatQuery = {}, options?: CallOptions): Promise<Page<Room>> {
    return pageOf('rooms', await this.#rest.call('GET', '/rooms', { ...options, query }));
  }

  /** Iterates over all of the caller's rooms, page by page. */
  iterate(): AsyncGenerator<Room, void, undefined> {
    return pages((start) => this.list({ limit: 100, ...start }));
  }

  /** Lists public rooms, searched by id, name or topic. */
  async listPublic(query: { search?: string } & ChatQuery = {}, options?: CallOptions): Promise<Page<Room>> {
    return pageOf('rooms', await this.#rest.call('GET', '/rooms/public', { ...options, query }));
  }

  get(chatId: string, options?: CallOptions): Promise<Room> {
    return this.#rest.call('GET', path`/rooms/${chatId}`, options);
  }

  /** Changes the given fields. Owners and the room's moderators only. */
  update(chatId: string, patch: ChatPatch, options?: CallOptions): Promise<Room> {
    return this.#rest.call('PUT', path`/rooms/${chatId}`, { ...options, body: patch });
  }

  /** Deletes a room; its id stays taken. Owners only. */
  delete(chatId: string, options?: CallOptions): Promise<void> {
    return this.#rest.call('DELETE', path`/rooms/${chatId}`, options);
  }

  /** Joins a public room. In a room without an owner, the caller becomes it. */
  join(chatId: string, options?: CallOptions): Promise<void> {
    return this.#rest.call('POST', path`/rooms/${chatId}/join`, options);
  }

  leave(chatId: string, options?: CallOptions): Promise<void> {
    return this.#rest.call('POST', path`/rooms/${chatId}/leave`, options);
  }

  /** Shows the caller as typing for 6 s, or no longer. A connection has `typing` of its own. */
  typing(chatId: string, input: { stop?: boolean } = {}, options?: CallOptions): Promise<void> {
    return this.#rest.call('POST', path`/rooms/${chatId}/typing`, { ...options, body: input });
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

  /** Mutes a member, who can still read. `until`: RFC 3339; default: until `unmute`. */
  mute(chatId: string, userId: string, input: { until?: string | null } = {}, options?: CallOptions): Promise<Member> {
    return this.#rest.call('PUT', path`/rooms/${chatId}/members/${userId}/mute`, { ...options, body: input });
  }

  unmute(chatId: string, userId: string, options?: CallOptions): Promise<void> {
    return this.#rest.call('DELETE', path`/rooms/${chatId}/members/${userId}/mute`, options);
  }
}
