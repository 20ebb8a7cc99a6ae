// Pages of API lists, and iteration over them.

/** One page of a list. */
export interface Page<T> {
  items: T[];
  has_more: boolean;
  /** The `cursor` of the next page; null on the last one. */
  next_cursor: string | null;
  /** On pages of a room's messages: the last seq of the room. */
  last_seq?: number;
  /** On admin lists. */
  total?: number;
  /** Names and pictures of those whom the page shows, by id. Missing on servers before 0.2. */
  users?: Record<string, UserCard>;
}

/** What a list tells of a user. */
export interface UserCard {
  username: string;
  display_name: string;
  avatar_url: string | null;
  kind: 'user' | 'bot';
}

export function pageOf<T>(name: string, answer: Record<string, unknown>): Page<T> {
  const { has_more = false, next_cursor = null, last_seq, total, users } = answer as Partial<Page<T>>;
  // The items of some lists are called so.
  const cards = Array.isArray(users) ? undefined : users;
  return { items: answer[name] as T[], has_more, next_cursor, last_seq, total, users: cards };
}

/** Where a page begins. */
type Start = { cursor: string } | { skip: number };

/** Where the page after `page` begins. A server of an older version has no cursors. */
export const startAfter = ({ next_cursor }: Page<unknown>, seen: number): Start =>
  next_cursor === null ? { skip: seen } : { cursor: next_cursor };

/** Iterates over all items, one page in memory at a time. */
export async function* pages<T>(read: (start: Start) => Promise<Page<T>>): AsyncGenerator<T, void, undefined> {
  let start: Start = { skip: 0 };
  for (let seen = 0; ; ) {
    const page = await read(start);
    yield* page.items;
    if (!page.has_more || page.items.length === 0) return;
    seen += page.items.length;
    start = startAfter(page, seen);
  }
}
