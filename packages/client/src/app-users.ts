// Users that an application brings. Scope `users:write`, for reads `users:read`.
import type { Profile } from './models.ts';
import type { Page } from './pages.ts';
import { path } from './paths.ts';
import { PeopleApi } from './people.ts';
import type { CallOptions, Paging, Rest } from './rest.ts';
import type { AppUser, AppUserFields, AppUserInput, AppUserResult, MintedToken, MintInput } from './server-models.ts';

/**
 * `externalId`: the application's own id of a user, any string of 1–128 characters without control
 * characters; not `.` or `..`. Every method rejects with `ChatApiError`, for an unknown user with
 * `RESOURCE_NOT_FOUND`.
 */
export class AppUsersApi {
  readonly #rest: Rest;
  readonly #people: PeopleApi;

  constructor(rest: Rest) {
    this.#rest = rest;
    this.#people = new PeopleApi(rest);
  }

  /** Creates a user, or changes the given fields of one. Idempotent. */
  put(externalId: string, fields: AppUserFields = {}, options?: CallOptions): Promise<AppUser> {
    return this.#rest.call('PUT', path`/app/users/${externalId}`, { ...options, body: fields });
  }

  /**
   * Creates or changes 1–1,000 users, at most 4 MiB as JSON. The results come in the order of
   * `users`; a bad one fails alone, with its `error`. Idempotent.
   */
  async batch(users: AppUserInput[], options?: CallOptions): Promise<AppUserResult[]> {
    const request = { ...options, body: { users } };
    return (await this.#rest.call<{ results: AppUserResult[] }>('POST', '/app/users/batch', request)).results;
  }

  get(externalId: string, options?: CallOptions): Promise<AppUser> {
    return this.#rest.call('GET', path`/app/users/${externalId}`, options);
  }

  /**
   * Ends the user's sessions, closes their connections with 4403 and lets none begin. Name and
   * messages stay.
   */
  deactivate(externalId: string, options?: CallOptions): Promise<AppUser> {
    return this.#rest.call('POST', path`/app/users/${externalId}/deactivate`, options);
  }

  /** Lets a deactivated user in again. Ended sessions stay ended. */
  activate(externalId: string, options?: CallOptions): Promise<AppUser> {
    return this.#rest.call('POST', path`/app/users/${externalId}/activate`, options);
  }

  /**
   * Erases the user and all their content, permanently. The external id becomes free. Resolves with
   * the server's own id of who is erased.
   */
  delete(externalId: string, options?: CallOptions): Promise<{ id: string }> {
    return this.#rest.call('DELETE', path`/app/users/${externalId}`, options);
  }

  /**
   * Makes a session of a user, whose `access_token` their `ChatClient` takes. Scope `tokens:write`.
   * `AUTHORIZATION_ERROR` with a reason: the user is deactivated, banned or an admin.
   */
  createToken(externalId: string, input: MintInput = {}, options?: CallOptions): Promise<MintedToken> {
    return this.#rest.call('POST', path`/app/users/${externalId}/tokens`, { ...options, body: input });
  }

  /** Returns the public profile of any user by the server's own id. */
  byId(userId: string, options?: CallOptions): Promise<Profile> {
    return this.#people.get(userId, options);
  }

  /** Searches all users by username and display name. */
  search(query: { search?: string } & Paging = {}, options?: CallOptions): Promise<Page<Profile>> {
    return this.#people.search(query, options);
  }

  /** Iterates over all results of `search`, page by page. */
  iterate(query: { search?: string } = {}): AsyncGenerator<Profile, void, undefined> {
    return this.#people.iterate(query);
  }
}
