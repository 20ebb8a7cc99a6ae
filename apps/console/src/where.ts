// Where in the console somebody is: `#/users/usr_1?tab=rooms`. Everything that a page shows follows
// from it, so its URL can be shared.
import { Value } from '@chatapi/page/value';

export interface Where {
  page: string;
  id?: string;
  query: Record<string, string>;
  /** Cursors of the pages before, by the name of the list's cursor; '' is the first page. */
  trails: Record<string, readonly string[]>;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function read(): Where {
  const [path = '', search] = location.hash.replace(/^#\/?/, '').split('?');
  const [page, id] = path.split('/').map(decoded);
  const query = Object.fromEntries(new URLSearchParams(search));
  // The browser keeps it with the entry of its history, also over a reload. A shared URL has none.
  return { page: page || 'overview', id: id || undefined, query, trails: history.state?.trails ?? {} };
}

export const where = new Value<Where>(read());
addEventListener('hashchange', () => where.set(read()));

export type Query = Record<string, string | undefined>;

export function linkTo(page: string, id?: string, query: Query = {}): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => Boolean(entry[1]));
  const search = given.length > 0 ? `?${new URLSearchParams(given)}` : '';
  return `#/${page}${id === undefined ? '' : `/${encodeURIComponent(id)}`}${search}`;
}

export function go(page: string, id?: string, query?: Query): void {
  location.hash = linkTo(page, id, query);
}

interface Refining {
  /** Whether the browser's Back leads to the one before. */
  isStep?: boolean;
  /** Of the lists whose page changes. */
  trails?: Where['trails'];
}

/** Changes the query of this page. */
export function refine(change: Query, { isStep = false, trails = {} }: Refining = {}): void {
  const now = where.get();
  const to = linkTo(now.page, now.id, { ...now.query, ...change });
  history[isStep ? 'pushState' : 'replaceState']({ trails: { ...now.trails, ...trails } }, '', to);
  where.set(read());
}
