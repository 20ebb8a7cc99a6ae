// Owns: lists of the API as pages, and pages as one iterator.

/** One page of a list. */
export interface Page<T> {
  items: T[];
  has_more: boolean;
  /** On pages of one room's messages: the room's. */
  last_seq?: number;
  /** On the list of an admin. */
  total?: number;
}

export function pageOf<T>(name: string, answer: Record<string, unknown>): Page<T> {
  const { has_more = false, last_seq, total } = answer as Omit<Page<T>, 'items'>;
  return { items: answer[name] as T[], has_more, last_seq, total };
}

/** Everything that `read(skip)` has; one page is held at a time. */
export async function* pages<T>(read: (skip: number) => Promise<Page<T>>): AsyncGenerator<T, void, undefined> {
  let page: Page<T>;
  let skip = 0;
  do {
    page = await read(skip);
    yield* page.items;
    skip += page.items.length;
  } while (page.has_more);
}
