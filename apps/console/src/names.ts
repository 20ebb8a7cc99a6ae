// Names of people by their ids, asked for together.
import type { Profile } from '@chatapi/client';
import { Value } from '@chatapi/page/value';
import { client } from './session.ts';

/** Of those who exist no more it stays null. */
export type Name = Pick<Profile, 'id' | 'username' | 'display_name'> | null;

const known = new Map<string, Value<Name>>();
let wanted = new Set<string>();

async function readWanted(): Promise<void> {
  const ids = [...wanted];
  wanted = new Set();
  for (let i = 0; i < ids.length; i += 100) {
    const some = ids.slice(i, i + 100);
    const found = await client.users.many(some).catch(() => undefined);
    for (const one of found ?? []) known.get(one.id)?.set(one);
    // Asked for again by whoever shows it next.
    if (found === undefined) for (const id of some) known.delete(id);
  }
}

export function nameOf(id: string): Value<Name> {
  let name = known.get(id);
  if (name === undefined) {
    name = new Value<Name>(null);
    known.set(id, name);
    if (wanted.size === 0) setTimeout(() => void readWanted());
    wanted.add(id);
  }
  return name;
}

/** Of a username, with or without @, or an id; what nobody has stays as it is. For staff. */
export async function idOf(user: string): Promise<string> {
  if (user.startsWith('usr_')) return user;
  const name = user.replace(/^@/, '').toLowerCase();
  const found = (await client.admin.users({ search: name })).items.find(
    ({ username }) => username.toLowerCase() === name,
  );
  return found?.id ?? user;
}

export const learn = (profile: NonNullable<Name>): void => nameOf(profile.id).set(profile);
