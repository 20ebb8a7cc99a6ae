// Turns the pages of a list. Cursors lead forward only, so those of the pages before are kept.
import type { Page } from '@chatapi/client';
import { useStore } from '@chatapi/page/value';
import type { JSX } from 'preact';
import { numberIn, useWords } from './language.tsx';
import { Button } from './parts.tsx';
import { type Query, refine, where } from './where.ts';

interface Turning {
  page: Page<unknown> | undefined;
  cursorName: string;
  /** What else in the URL belongs to the page that is left. */
  leaves?: Query;
  /** The button that was pressed may be gone: puts the focus elsewhere. */
  onTurn(): void;
}

/** Only those that are possible. A URL from elsewhere does not know the pages before. */
interface Turns {
  first?: () => void;
  previous?: () => void;
  next?: () => void;
}

export function useTurns({ page, cursorName, leaves, onTurn }: Turning): Turns {
  const { query, trails } = useStore(where);
  const cursor = query[cursorName];
  const before = cursor === undefined ? [] : (trails[cursorName] ?? []);
  const next = page?.has_more ? page.next_cursor : null;
  const turning = (to: string | undefined, trail: readonly string[]) => (): void => {
    refine({ ...leaves, [cursorName]: to || undefined }, { isStep: true, trails: { [cursorName]: trail } });
    onTurn();
  };
  return {
    ...(cursor !== undefined && { first: turning(undefined, []) }),
    ...(before.length > 0 && { previous: turning(before.at(-1), before.slice(0, -1)) }),
    ...(next !== null && { next: turning(next, [...before, cursor ?? '']) }),
  };
}

/** For lists that have the focus: no text field loses a letter. */
export const keysOf = ({ first, previous, next }: Turns): Record<string, (() => void) | undefined> => ({
  f: first,
  p: previous,
  n: next,
});

export function onKeyOf(acts: Record<string, (() => unknown) | false | undefined>, event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const found = acts[event.key];
  if (!found) return;
  event.preventDefault();
  void found();
}

export function Pager({ page, turns }: { page: Page<unknown>; turns: Turns }): JSX.Element {
  const { language, texts } = useWords();
  const { first, previous, next } = turns;
  const hasMany = first !== undefined || next !== undefined;
  return (
    <nav class="pager" aria-label={texts.pages}>
      <span class="quiet">
        {page.total === undefined ? texts.shown(page.items.length) : texts.ofAll(numberIn(language, page.total))}
        {hasMany && <span class="keys"> · {texts.pageKeys}</span>}
      </span>
      <span class="buttons">
        {first && <Button label={texts.first} onClick={first} />}
        {previous && <Button label={texts.previous} onClick={previous} />}
        {next && <Button label={texts.next} onClick={next} />}
      </span>
    </nav>
  );
}
