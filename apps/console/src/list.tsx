// A list of the server as a table, one page by its cursor. Filters and cursor are in the URL.
import type { Page } from '@chatapi/client';
import { useStore } from '@chatapi/page/value';
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Icon } from './icons.tsx';
import { useLoad } from './load.ts';
import { Button, Empty, Waiting } from './parts.tsx';
import { refine, where } from './where.ts';
import { numberIn, useTexts, useWords } from './words.tsx';

export interface Column<T> {
  title: string;
  cell(item: T): ComponentChildren;
  /** Numbers stand right, with digits of one width. */
  isNumber?: boolean;
  /** On a phone it is the title of the card. */
  isMain?: boolean;
}

export interface Filter {
  name: string;
  label: string;
  /** `sort` is a select whose options are all that there are. */
  kind: 'search' | 'select' | 'sort' | 'date' | 'text';
  options?: readonly (readonly [value: string, label: string])[];
}

interface ListProps<T> {
  /** What assistive technology calls it. */
  label: string;
  columns: Column<T>[];
  filters?: Filter[];
  empty: ComponentChildren;
  read(query: Record<string, string | number | undefined>): Promise<Page<T>>;
  keyOf(item: T): string;
  /** A new one reads again. */
  version?: number;
  everyMs?: number;
  limit?: number;
  /** In the URL; of a second list on a page another one. */
  cursorName?: string;
}

const TYPING_MS = 300;

function FilterField({ filter, value, set }: { filter: Filter; value: string; set(value: string): void }): JSX.Element {
  const { name, label, kind, options = [] } = filter;
  const { all } = useTexts();
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return;
    const timer = setTimeout(() => set(text), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <div class={`filter ${kind}`}>
      <label class="quiet" for={`filter-${name}`}>
        {label}
      </label>
      {kind === 'select' || kind === 'sort' ? (
        <select
          id={`filter-${name}`}
          name={name}
          value={value}
          onChange={({ currentTarget }) => set(currentTarget.value)}
        >
          {kind === 'select' && <option value="">{all}</option>}
          {options.map(([one, word]) => (
            <option key={one} value={one} selected={one === value}>
              {word}
            </option>
          ))}
        </select>
      ) : (
        <input
          id={`filter-${name}`}
          type={kind as 'text'}
          name={name}
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
      )}
    </div>
  );
}

const Row = <T,>({ item, columns }: { item: T; columns: Column<T>[] }): JSX.Element => (
  <tr>
    {columns.map(({ title, cell, isNumber, isMain }) => (
      <td key={title} data-label={title} class={`${isNumber ? 'number' : ''} ${isMain ? 'main-cell' : ''}`}>
        {cell(item)}
      </td>
    ))}
  </tr>
);

export const Table = <T,>({
  label,
  columns,
  items,
  keyOf,
  isDim,
}: Pick<ListProps<T>, 'label' | 'columns' | 'keyOf'> & { items: T[]; isDim?: boolean }): JSX.Element => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached with the keyboard
  <section class="frame" tabIndex={0} aria-label={label} aria-busy={isDim}>
    <table>
      <thead>
        <tr>
          {columns.map(({ title, isNumber }) => (
            <th key={title} scope="col" class={isNumber ? 'number' : ''}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {items.map((item) => (
          <Row key={keyOf(item)} item={item} columns={columns} />
        ))}
      </tbody>
    </table>
  </section>
);

interface PagerProps {
  page: Page<unknown>;
  cursor: string | undefined;
  turn(to: string | undefined): void;
}

function Pager({ page, cursor, turn }: PagerProps): JSX.Element {
  const { language, texts } = useWords();
  const next = page.next_cursor;
  return (
    <nav class="pager" aria-label={texts.pages}>
      <span class="quiet">
        {page.total === undefined ? texts.shown(page.items.length) : texts.ofAll(numberIn(language, page.total))}
      </span>
      <span class="buttons">
        {cursor !== undefined && <Button label={texts.first} onClick={() => turn(undefined)} />}
        {page.has_more && next !== null && <Button label={texts.next} onClick={() => turn(next)} />}
      </span>
    </nav>
  );
}

export function List<T>(props: ListProps<T>): JSX.Element {
  const {
    label,
    columns,
    filters = [],
    empty,
    read,
    keyOf,
    version = 0,
    everyMs,
    limit = 50,
    cursorName = 'cursor',
  } = props;
  const { page, id, query } = useStore(where);
  const texts = useTexts();
  const cursor = query[cursorName];
  const chosen = Object.fromEntries(filters.map(({ name }) => [name, query[name] || undefined]));
  const loaded = useLoad(JSON.stringify([page, id, chosen, cursor, version]), {
    read: () => read({ ...chosen, cursor, limit }),
    everyMs,
  });
  const { data, error, isLoading, reload } = loaded;
  const isFiltered = Object.values(chosen).some(Boolean);
  return (
    <div class="list">
      {filters.length > 0 && (
        <search class="filters">
          {filters.map((filter) => (
            <FilterField
              key={filter.name}
              filter={filter}
              value={query[filter.name] ?? ''}
              set={(value) => refine({ [filter.name]: value || undefined, [cursorName]: undefined })}
            />
          ))}
        </search>
      )}
      {(data === undefined || error !== undefined) && <Waiting error={error} reload={reload} />}
      {data !== undefined && data.items.length === 0 && (
        <Empty>
          {isFiltered || cursor !== undefined ? (
            <>
              {texts.nothingFound}{' '}
              <button
                type="button"
                class="link"
                onClick={() =>
                  refine(Object.fromEntries([cursorName, ...Object.keys(chosen)].map((one) => [one, undefined])))
                }
              >
                {texts.clearFilters}
              </button>
            </>
          ) : (
            empty
          )}
        </Empty>
      )}
      {data !== undefined && data.items.length > 0 && (
        <>
          <Table label={label} columns={columns} items={data.items} keyOf={keyOf} isDim={isLoading} />
          <Pager page={data} cursor={cursor} turn={(to) => refine({ [cursorName]: to }, true)} />
        </>
      )}
    </div>
  );
}

/** An arrow to more of an item. */
export const More = ({ href, label }: { href: string; label: string }): JSX.Element => (
  <a class="icon-button" href={href} aria-label={label} title={label}>
    <Icon name="next" />
  </a>
);
