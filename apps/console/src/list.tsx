// A list of the server as a table, one page by its cursor. Filters and cursor are in the URL.
import type { Page } from '@chatapi/client';
import { useStore } from '@chatapi/page/value';
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { type Filter, FilterField } from './filter-field.tsx';
import { useTexts } from './language.tsx';
import { useLoad } from './load.ts';
import { keysOf, onKeyOf, Pager, useTurns } from './pager.tsx';
import { Empty, Waiting } from './parts.tsx';
import { type Query, refine, where } from './where.ts';

interface Column<T> {
  title: string;
  cell(item: T): ComponentChildren;
  /** Numbers stand right, with digits of one width. */
  isNumber?: boolean;
  /** On a phone it is the title of the card. */
  isMain?: boolean;
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

const Row = <T,>({ item, columns }: { item: T; columns: Column<T>[] }): JSX.Element => (
  <tr>
    {columns.map(({ title, cell, isNumber, isMain }) => (
      <td key={title} data-label={title} class={`${isNumber ? 'number' : ''} ${isMain ? 'main-cell' : ''}`}>
        {cell(item)}
      </td>
    ))}
  </tr>
);

interface TableProps<T> extends Pick<ListProps<T>, 'label' | 'columns' | 'keyOf'> {
  items: T[];
  isDim?: boolean;
  onKeyDown?(event: KeyboardEvent): void;
}

export const Table = <T,>({ label, columns, items, keyOf, isDim, onKeyDown }: TableProps<T>): JSX.Element => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached with the keyboard
  <section class="frame" tabIndex={0} aria-label={label} aria-busy={isDim} onKeyDown={onKeyDown}>
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

/** Of the page that was turned to: who uses the keyboard goes on there. */
function useFocusAfterTurn(data: unknown) {
  const box = useRef<HTMLDivElement>(null);
  const isDue = useRef(false);
  useEffect(() => {
    if (!isDue.current) return;
    isDue.current = false;
    box.current?.querySelector<HTMLElement>('.frame')?.focus({ preventScroll: true });
    box.current?.scrollIntoView();
  }, [data]);
  const onTurn = (): void => {
    isDue.current = true;
  };
  return { box, onTurn };
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
  const { box, onTurn } = useFocusAfterTurn(data);
  const turns = useTurns({ page: data, cursorName, onTurn });
  const filter = (change: Query): void =>
    refine({ ...change, [cursorName]: undefined }, { trails: { [cursorName]: [] } });
  return (
    <div class="list" ref={box}>
      {filters.length > 0 && (
        <search class="filters">
          {filters.map((one) => (
            <FilterField
              key={one.name}
              filter={one}
              value={query[one.name] ?? ''}
              set={(value) => filter({ [one.name]: value || undefined })}
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
                onClick={() => filter(Object.fromEntries(Object.keys(chosen).map((one) => [one, undefined])))}
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
          <Table
            label={label}
            columns={columns}
            items={data.items}
            keyOf={keyOf}
            isDim={isLoading}
            onKeyDown={(event) => onKeyOf(keysOf(turns), event)}
          />
          <Pager page={data} turns={turns} />
        </>
      )}
    </div>
  );
}
