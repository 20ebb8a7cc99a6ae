// Accounts, sessions and profiles.
import type { Export, Me, Profile, Session, SessionInfo } from './models.ts';
import { type Page, pageOf, pages } from './pages.ts';
import { type CallOptions, type Paging, path, type Request, type Rest } from './rest.ts';

export interface RegisterInput {
  /** 3–32 of `A–Z a–z 0–9 _ . -`, whatever their case one name. */
  username: string;
  email: string;
  /** 8–72 bytes, not a weak one (`VALIDATION_ERROR` with advice in `details`). */
  password: string;
  display_name?: string;
}

export interface LoginInput {
  username_or_email: string;
  password: string;
}

export interface ProfilePatch {
  /** 1–64 characters. */
  display_name?: string;
  /** At most 500 characters. */
  bio?: string;
  /** http or https. */
  avatar_url?: string | null;
}

/** Every method rejects with `ChatApiError`. */
export class UsersApi {
  readonly #rest: Rest;

  constructor(rest: Rest) {
    this.#rest = rest;
  }

  /** Makes an account; the client goes on in its name. `CONFLICT`: name or email is taken. */
  async register(input: RegisterInput, options?: CallOptions): Promise<Session> {
    return this.#opened('/users/register', input, { ...options, safe: false });
  }

  /**
   * The client goes on in this session and renews its tokens by itself.
   * `AUTHENTICATION_ERROR`: unknown or wrong. `RATE_LIMIT_EXCEEDED`, `ACCOUNT_LOCKED`: too many failed tries.
   */
  async login(input: LoginInput, options?: CallOptions): Promise<Session> {
    return this.#opened('/users/login', input, options);
  }

  /** Ends this session: its tokens and its connections. */
  async logout(options?: CallOptions): Promise<void> {
    await this.#rest.call('POST', '/users/logout', options);
    await this.#rest.tokens.forget();
  }

  me(options?: CallOptions): Promise<Me> {
    return this.#rest.call('GET', '/users/me', options);
  }

  /** Changes the given fields. */
  update(patch: ProfilePatch, options?: CallOptions): Promise<Me> {
    return this.#rest.call('PUT', '/users/me', { ...options, body: patch });
  }

  /** All other sessions end. `AUTHENTICATION_ERROR`: the current one is wrong. */
  changePassword(input: { current_password: string; new_password: string }, options?: CallOptions): Promise<void> {
    return this.#rest.call('PUT', '/users/me/password', { ...options, body: input, safe: false });
  }

  /** Erases the account and all that it wrote, for ever. */
  async deleteMe(input: { password: string }, options?: CallOptions): Promise<void> {
    await this.#rest.call('DELETE', '/users/me', { ...options, body: input, safe: false });
    await this.#rest.tokens.forget();
  }

  async sessions(query: Paging = {}, options?: CallOptions): Promise<Page<SessionInfo>> {
    return pageOf('sessions', await this.#rest.call('GET', '/users/me/sessions', { ...options, query }));
  }

  endSession(sessionId: string, options?: CallOptions): Promise<void> {
    return this.#rest.call('DELETE', path`/users/me/sessions/${sessionId}`, options);
  }

  /** All but this one. */
  endOtherSessions(options?: CallOptions): Promise<void> {
    return this.#rest.call('DELETE', '/users/me/sessions', options);
  }

  /** A user as others see them. */
  get(userId: string, options?: CallOptions): Promise<Profile> {
    return this.#rest.call('GET', path`/users/${userId}`, options);
  }

  /** By username and display name. */
  async search(query: { search?: string } & Paging = {}, options?: CallOptions): Promise<Page<Profile>> {
    return pageOf('users', await this.#rest.call('GET', '/users', { ...options, query }));
  }

  /** All that `search` finds, page by page. */
  iterate(query: { search?: string } = {}): AsyncGenerator<Profile, void, undefined> {
    return pages((skip) => this.search({ ...query, limit: 100, skip }));
  }

  /** Has an archive made of all that I wrote and uploaded. */
  startExport(options?: CallOptions): Promise<Export> {
    return this.#rest.call('POST', '/users/me/export', options);
  }

  /** How far it is, and the link to it. */
  export(options?: CallOptions): Promise<Export> {
    return this.#rest.call('GET', '/users/me/export', options);
  }

  async #opened(to: string, body: object, options?: Request): Promise<Session> {
    const session = await this.#rest.call<Session>('POST', to, { ...options, body, anonymous: true });
    await this.#rest.tokens.adopt(session);
    return session;
  }
}
