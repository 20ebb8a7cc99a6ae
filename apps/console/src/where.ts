// Where in the console somebody is: `#/users/usr_1?tab=rooms`. Everything that a page shows follows
// from it, so its URL can be shared.
import { Value } from '@chatapi/page/value';

export interface Where {
  page: string;
  id?: string;
  query: Record<string, string>;
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
  return { page: page || 'overview', id: id || undefined, query: Object.fromEntries(new URLSearchParams(search)) };
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

/**
 * Changes the query of this page.
 * @param isStep whether the browser's Back leads to the one before.
 */
export function refine(change: Query, isStep = false): void {
  const { page, id, query } = where.get();
  const to = linkTo(page, id, { ...query, ...change });
  if (isStep) location.hash = to;
  else location.replace(to);
}
