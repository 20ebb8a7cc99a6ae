// Who is shown beside a list: names and avatars of everybody whom its items name, so that an app
// needs no request per person.
import Joi from 'joi';
import type { Context } from '../context.ts';
import type { Message } from '../log/message.ts';
import { type UserSummary, userSummary } from '../log/user-summary.ts';
import { fetchAccounts } from './people.ts';
import { findShown, type ShownPerson } from './people-store.ts';

/** By user id. */
export type ShownUsers = Record<string, UserSummary>;

export const shownUsers = (): Joi.ObjectSchema<ShownUsers> =>
  Joi.object<ShownUsers>()
    .pattern(Joi.string(), userSummary)
    .description('by id: everybody whom the page names, without deleted users');

/** The schema of a list with those whom it names. */
export const besideUsers = <T>(list: Joi.ObjectSchema<T>): Joi.ObjectSchema<T & { users: ShownUsers }> =>
  list.append({ users: shownUsers().required() }) as unknown as Joi.ObjectSchema<T & { users: ShownUsers }>;

/** Whom a message names. */
export const namedIn = ({ sender_id, recipient_id, mentions, reactions }: Message): string[] => [
  sender_id,
  ...(recipient_id === undefined ? [] : [recipient_id]),
  ...mentions,
  ...reactions.flatMap(({ user_ids }) => user_ids),
];

/** A page must not wait for somebody whose account is new while auth is slow. */
const AUTH_TIMEOUT_MS = 1000;
const MAX_FETCHED = 1000;

const summaryOf = ({ username, display_name, avatar_url, kind }: UserSummary): UserSummary => ({
  username,
  display_name,
  avatar_url,
  kind,
});

/** Those whose facts have not arrived yet. Without auth the page is shown without them. */
async function newcomers(ctx: Pick<Context, 'auth' | 'db' | 'log'>, ids: string[]): Promise<[string, UserSummary][]> {
  try {
    const found = await fetchAccounts(ctx, ids.slice(0, MAX_FETCHED), AUTH_TIMEOUT_MS);
    return found.map(({ user_id, username, display_name, kind }) => [
      user_id,
      { username, display_name: display_name || username, avatar_url: null, kind },
    ]);
  } catch (err) {
    ctx.log.debug({ err: (err as Error).message, users: ids.length }, 'new people are not shown yet');
    return [];
  }
}

/** Erased and unknown users are left out. One query for any number of ids. */
export async function usersShown(
  ctx: Pick<Context, 'auth' | 'db' | 'log' | 'reads'>,
  named: Iterable<string>,
): Promise<ShownUsers> {
  const ids = [...new Set(named)];
  if (ids.length === 0) return {};
  const found = await findShown(ctx.reads, ids);
  const known = new Set(found.map(({ user_id }) => user_id));
  const unknown = ids.filter((id) => !known.has(id));
  const shown = found.filter(({ erased }) => !erased).map((one): [string, ShownPerson] => [one.user_id, one]);
  const fresh = unknown.length === 0 ? [] : await newcomers(ctx, unknown);
  return Object.fromEntries([...shown, ...fresh].map(([id, person]) => [id, summaryOf(person)]));
}
