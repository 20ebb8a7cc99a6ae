// Who there is.
import type { Me, Profile } from './models.ts';
import { type Page, pageOf, pages } from './pages.ts';
import { path } from './paths.ts';
import type { CallOptions, Paging, Rest } from './rest.ts';

/** Every method rejects with `ChatApiError`. */
export class PeopleApi {
  readonly #rest: Rest;

  constructor(rest: Rest) {
    this.#rest = rest;
  }

  me(options?: CallOptions): Promise<Me> {
    return this.#rest.call('GET', '/users/me', options);
  }

  /** Returns a user's public profile. */
  get(userId: string, options?: CallOptions): Promise<Profile> {
    return this.#rest.call('GET', path`/users/${userId}`, options);
  }

  /** Returns the profiles of up to 100 users, without those that do not exist. */
  async many(userIds: readonly string[], options?: CallOptions): Promise<Profile[]> {
    const answer = await this.#rest.call<{ users: Profile[] }>('GET', '/users', {
      ...options,
      query: { ids: String(userIds) },
    });
    return answer.users;
  }

  /** Searches users by username and display name. */
  async search(query: { search?: string } & Paging = {}, options?: CallOptions): Promise<Page<Profile>> {
    return pageOf('users', await this.#rest.call('GET', '/users', { ...options, query }));
  }

  /** Iterates over all results of `search`, page by page. */
  iterate(query: { search?: string } = {}): AsyncGenerator<Profile, void, undefined> {
    return pages((start) => this.search({ ...query, limit: 100, ...start }));
  }
}
