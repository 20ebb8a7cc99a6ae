// The search over all messages. Each one is on record, so it begins with the button alone: neither
// with a URL, nor again by itself. Pages that were read are kept, since reading is an act too.
import { ChatApiError, type ContextMessage, type MessageSearchQuery, type Page } from '@chatapi/client';
import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { timesOf } from '../days.ts';
import { useTexts } from '../language.tsx';
import { idOf } from '../names.ts';
import { Button, Empty, Head, Section, Time, UserLink } from '../parts.tsx';
import { Problem } from '../problem.tsx';
import { client, noteEnd } from '../session.ts';
import { linkTo } from '../where.ts';
import { type Asked, SearchForm } from './search-form.tsx';

async function queryOf({ q, reason, room, author, from, to }: Asked): Promise<MessageSearchQuery> {
  return {
    q,
    reason,
    chat_id: room || undefined,
    sender_id: author ? await idOf(author) : undefined,
    ...timesOf(from, to),
  };
}

const isOff = (error: Error): boolean => error instanceof ChatApiError && error.details.reason === 'search_off';

function Failure({ error }: { error: Error }): JSX.Element {
  const { searching } = useTexts();
  if (!isOff(error))
    return (
      <div class="alert" role="alert">
        <Problem error={error} />
      </div>
    );
  return (
    <div class="alert warn" role="alert">
      <span>
        <strong>{searching.off}</strong> {searching.turnOn} <code>ADMIN_MESSAGE_SEARCH=on</code>
        <br />
        {searching.nothingDone}
      </span>
    </div>
  );
}

/** The id of a direct room is the two of its people. */
function RoomLink({ id }: { id: string }): JSX.Element {
  const { kinds } = useTexts();
  return (
    <a class="break" href={linkTo('rooms', id)} title={id}>
      {id.startsWith('dm:') ? kinds.direct : id}
    </a>
  );
}

const Message = ({ message, name }: { message: ContextMessage; name?: string }): JSX.Element => (
  <li>
    <span class="quiet">
      <UserLink id={message.sender_id} name={name} /> · <RoomLink id={message.chat_id} /> ·{' '}
      <Time at={message.created_at} />
    </span>
    <span class="pre">{[message.content, ...message.files].join(' ')}</span>
  </li>
);

interface Search {
  query: MessageSearchQuery;
  pages: Page<ContextMessage>[];
  at: number;
}

interface FoundProps {
  found: Search;
  isBusy: boolean;
  turn(by: 1 | -1): void;
}

function Found({ found: { pages, at }, isBusy, turn }: FoundProps): JSX.Element {
  const texts = useTexts();
  const { items, users, has_more } = pages[at] as Page<ContextMessage>;
  return (
    <Section title={texts.searching.found} side={<span class="quiet">{texts.searching.page(at + 1)}</span>}>
      {items.length === 0 && <Empty>{texts.nothingFound}</Empty>}
      <ol class="context">
        {items.map((one) => (
          <Message key={one.id} message={one} name={users?.[one.sender_id]?.username} />
        ))}
      </ol>
      <nav class="pager" aria-label={texts.pages}>
        <span class="quiet" role="status">
          {isBusy ? texts.loading : texts.shown(items.length)}
        </span>
        <span class="buttons">
          {at > 0 && <Button label={texts.previous} disabled={isBusy} onClick={() => turn(-1)} />}
          {has_more && <Button label={texts.next} disabled={isBusy} onClick={() => turn(1)} />}
        </span>
      </nav>
    </Section>
  );
}

function useSearch() {
  const [found, show] = useState<Search>();
  const [error, setError] = useState<Error>();
  const [isBusy, setBusy] = useState(false);
  /** @param read what the server is asked, once. */
  const work = async (read: () => Promise<Search>): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      show(await read());
    } catch (thrown) {
      noteEnd(thrown);
      setError(thrown as Error);
    }
    setBusy(false);
  };
  const search = (asked: Asked): Promise<void> => {
    show(undefined);
    return work(async () => {
      const query = await queryOf(asked);
      return { query, pages: [await client.admin.searchMessages(query)], at: 0 };
    });
  };
  const turn = async (by: 1 | -1): Promise<void> => {
    if (found === undefined) return;
    const { query, pages, at } = found;
    if (pages[at + by] !== undefined) return show({ ...found, at: at + by });
    await work(async () => {
      const next = await client.admin.searchMessages({ ...query, cursor: pages[at]?.next_cursor ?? undefined });
      return { query, pages: [...pages, next], at: at + 1 };
    });
  };
  return { found, error, isBusy, search, turn };
}

export function SearchPage(): JSX.Element {
  const texts = useTexts();
  const { found, error, isBusy, search, turn } = useSearch();
  const results = useRef<HTMLDivElement>(null);
  const turnAndFocus = async (by: 1 | -1): Promise<void> => {
    await turn(by);
    results.current?.focus({ preventScroll: true });
    results.current?.scrollIntoView();
  };
  return (
    <>
      <Head title={texts.nav.search} lead={texts.leads.search} />
      <SearchForm isBusy={isBusy} search={(asked) => void search(asked)} />
      {error && <Failure error={error} />}
      {isBusy && found === undefined && <Empty>{texts.loading}</Empty>}
      {found && (
        <div ref={results} tabIndex={-1} class="results">
          <Found found={found} isBusy={isBusy} turn={(by) => void turnAndFocus(by)} />
        </div>
      )}
    </>
  );
}
