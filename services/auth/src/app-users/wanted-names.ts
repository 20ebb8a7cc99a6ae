// Who gets which username and email, where many want some at once: the first in order, if nobody
// has it.
import { type AppError, newId } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';
import type { AccountRow } from '../account-store.ts';
import { conflict, type TakenField } from '../accounts.ts';
import { nameKey, unknownNameKey } from '../name-key.ts';
import { type NamesChange, type NewAppAccount, type TakenKeys, takenKeys } from './app-user-store.ts';
import type { AppUser } from './plan.ts';
import { derivedUsername } from './usernames.ts';

interface Wish {
  user: AppUser;
  /** undefined: to be created. */
  account?: AccountRow | undefined;
}

const keyOf = (name: string | null | undefined): string | null => (name == null ? null : nameKey(name));

/** By key of the name: the external id of who got it. */
type Given = Map<string, string>;

export class Claims {
  readonly #taken: TakenKeys;
  readonly #given: Record<'username' | 'email', Given> = { username: new Map(), email: new Map() };

  constructor(taken: TakenKeys) {
    this.#taken = taken;
  }

  static async of(trx: Knex, wishes: Wish[]): Promise<Claims> {
    const usernames = wishes.flatMap(({ user }) => keyOf(user.username) ?? []);
    const emails = wishes.flatMap(({ user }) => keyOf(user.email) ?? []);
    return new Claims(await takenKeys(trx, usernames, emails, usernames.map(unknownNameKey)));
  }

  #isFree(path: 'username' | 'email', key: string, { user, account }: Wish): boolean {
    const owner = (path === 'username' ? this.#taken.usernames : this.#taken.emails).get(key);
    if (owner !== undefined) return owner === account?.user_id;
    if (path === 'username' && this.#taken.blocked.has(unknownNameKey(key))) return false;
    return (this.#given[path].get(key) ?? user.external_id) === user.external_id;
  }

  /** @returns the error when a name is taken; then none is given. */
  take(wish: Wish): AppError | undefined {
    const { user } = wish;
    const wanted = (['username', 'email'] as const).flatMap((path) => {
      const key = keyOf(user[path]);
      return key === null ? [] : [{ path, key }];
    });
    const taken = wanted
      .filter(({ path, key }) => !this.#isFree(path, key, wish))
      .map(({ path }): TakenField => ({ path, message: `this ${path} is taken` }));
    if (taken.length > 0) return conflict(taken);
    for (const { path, key } of wanted) this.#given[path].set(key, user.external_id);
    return undefined;
  }
}

export function newAccountOf(user: AppUser, hasProfile: boolean): NewAppAccount {
  const username = user.username ?? derivedUsername(user.display_name);
  const email = user.email ?? null;
  return {
    user_id: newId('usr'),
    external_id: user.external_id,
    username,
    username_key: nameKey(username),
    email,
    email_key: keyOf(email),
    display_name: user.display_name || username,
    profile_version: hasProfile ? 1 : 0,
  };
}

/** @returns undefined when both are so already. */
export function namesChangeOf(user: AppUser, account: AccountRow): NamesChange | undefined {
  const username = user.username ?? account.username;
  const email = user.email === undefined ? account.email : user.email;
  if (username === account.username && email === account.email) return undefined;
  const { user_id } = account;
  return { user_id, username, username_key: nameKey(username), email, email_key: keyOf(email) };
}
