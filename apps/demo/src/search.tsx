// Search over all rooms of a person; a hit opens its room at its place.
import type { Message, UserCard } from '@chatapi/client';
import { useStore } from '@chatapi/page/value';
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { previewOf } from './content.tsx';
import { IconButton } from './icons.tsx';
import { timeOf, useLanguage, useTexts } from './language.tsx';
import { roomName, usePane } from './pane-state.tsx';

const PAUSE_MS = 250;

interface Found {
  messages: readonly Message[];
  users: Readonly<Record<string, UserCard>>;
}

function useHits(query: string): { found?: Found; error?: Error } {
  const { me } = usePane();
  const [state, setState] = useState<{ found?: Found; error?: Error }>({});
  useEffect(() => {
    if (query === '') return setState({});
    const stop = new AbortController();
    const timer = setTimeout(async () => {
      try {
        const { items, users = {} } = await me.client.messages.search({ q: query, limit: 20 }, { signal: stop.signal });
        setState({ found: { messages: items, users } });
      } catch (error) {
        if (!stop.signal.aborted) setState({ error: error as Error });
      }
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [me, query]);
  return state;
}

export function Search({ close }: { close(): void }): JSX.Element {
  const texts = useTexts();
  const language = useLanguage();
  const { me, open } = usePane();
  const { rooms } = useStore(me.live.rooms());
  const [query, setQuery] = useState('');
  const field = useRef<HTMLInputElement>(null);
  const { found, error } = useHits(query.trim().slice(0, 200));
  useEffect(() => field.current?.focus(), []);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') close();
  };
  return (
    <search class="panel" aria-label={`${texts.search}: ${me.name}`} onKeyDown={onKeyDown}>
      <div class="panel-head">
        <input
          ref={field}
          type="search"
          aria-label={texts.searchIn}
          placeholder={texts.searchIn}
          value={query}
          onInput={({ currentTarget }) => setQuery(currentTarget.value)}
        />
        <IconButton icon="close" label={texts.close} onClick={close} />
      </div>
      <p class="quiet center" role="status">
        {error !== undefined ? texts.refused(error.message) : found && texts.found(found.messages.length)}
      </p>
      <ul class="hits">
        {found?.messages.map((message) => (
          <li key={message.id}>
            <button type="button" class="hit" onClick={() => open(message.chat_id, message.seq)}>
              <span class="byline">
                <strong>{found.users[message.sender_id]?.display_name ?? texts.unknown}</strong>{' '}
                {roomName(
                  texts,
                  rooms.find(({ chat_id }) => chat_id === message.chat_id),
                )}{' '}
                <time dateTime={message.created_at}>{timeOf(language, message.created_at)}</time>
              </span>
              <span class="hit-text">{previewOf(message.content)}</span>
            </button>
          </li>
        ))}
      </ul>
    </search>
  );
}
