// The messages of a room or a thread: scrolled, paged in both directions, walked by arrow keys.
import type { MessageView, Room, RoomSnapshot } from '@chatapi/client/state';
import { Fragment, type JSX, type RefObject } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { IconButton } from './icons.tsx';
import { dayOf, useLanguage, useTexts } from './language.tsx';
import { MessageRow } from './message.tsx';
import { usePane } from './pane-state.tsx';

const NEAR_PX = 80;
const TOGETHER_MS = 5 * 60_000;

interface ListProps {
  room: Room;
  snapshot: RoomSnapshot;
  label: string;
  isThread: boolean;
  /** The place that a search found. */
  jumpTo: number | undefined;
  edit(message: MessageView): void;
  remove(message: MessageView): void;
}

const isContinued = (message: MessageView, before: MessageView | undefined): boolean =>
  before !== undefined &&
  before.sender_id === message.sender_id &&
  !before.is_deleted &&
  message.reply_to === before.reply_to &&
  Date.parse(message.created_at) - Date.parse(before.created_at) < TOGETHER_MS;

/** Stays at the end while it is there, and where it was when older messages come. */
function useScroll(
  { room, snapshot, jumpTo }: ListProps,
  list: RefObject<HTMLOListElement | null>,
  isVisible: boolean,
) {
  const isAtEnd = useRef(true);
  const [isAway, setAway] = useState(false);
  const before = useRef<{ first?: string; height: number }>({ height: 0 });
  const { messages, hasOlder, hasNewer } = snapshot;
  const first = messages[0]?.key;

  useLayoutEffect(() => {
    const element = list.current;
    if (element === null) return;
    const { first: was, height } = before.current;
    if (isAtEnd.current && !hasNewer) element.scrollTop = element.scrollHeight;
    else if (was !== undefined && was !== first && messages.some(({ key }) => key === was))
      element.scrollTop += element.scrollHeight - height;
    before.current = { first, height: element.scrollHeight };
  });
  useEffect(() => {
    const element = list.current;
    // Pictures arrive later than their rows.
    const keep = (): void => {
      if (element !== null && isAtEnd.current) element.scrollTop = element.scrollHeight;
    };
    element?.addEventListener('load', keep, true);
    return () => element?.removeEventListener('load', keep, true);
  }, [list]);
  useEffect(() => {
    const row = jumpTo === undefined ? null : list.current?.querySelector<HTMLElement>(`[data-seq="${jumpTo}"]`);
    if (!row) return;
    isAtEnd.current = false;
    row.scrollIntoView({ block: 'center' });
    row.focus({ preventScroll: true });
  }, [list, jumpTo, messages.some(({ seq }) => seq === jumpTo)]);

  const onScroll = (): void => {
    const element = list.current;
    if (element === null || !isVisible) return;
    const { scrollTop, scrollHeight, clientHeight } = element;
    isAtEnd.current = scrollHeight - scrollTop - clientHeight < NEAR_PX;
    setAway(!isAtEnd.current);
    if (scrollTop < NEAR_PX && hasOlder) void room.loadOlder();
    if (isAtEnd.current && hasNewer) void room.loadNewer();
  };
  const toEnd = (): void => {
    isAtEnd.current = true;
    setAway(false);
    void room.toLatest();
    if (list.current !== null) list.current.scrollTop = list.current.scrollHeight;
  };
  return { isAway: isAway || hasNewer, onScroll, toEnd };
}

/** One message at a time is in the order of tabs; arrow keys move to the next one. */
function useArrows(list: RefObject<HTMLOListElement | null>, keys: readonly string[]) {
  const [chosen, choose] = useState<string>();
  const active = chosen !== undefined && keys.includes(chosen) ? chosen : keys.at(-1);
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowUp: -1, ArrowDown: 1, Home: -keys.length, End: keys.length }[event.key];
    if (step === undefined || (event.target as HTMLElement).closest('input, textarea')) return;
    event.preventDefault();
    const at = Math.min(keys.length - 1, Math.max(0, keys.indexOf(active ?? '') + step));
    choose(keys[at]);
    list.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(keys[at] ?? '')}"]`)?.focus();
  };
  const onFocusIn = (event: FocusEvent): void => {
    const key = (event.target as HTMLElement).closest<HTMLElement>('[data-key]')?.dataset.key;
    if (key !== undefined) choose(key);
  };
  return { active, onKeyDown, onFocusIn };
}

export function MessageList(props: ListProps): JSX.Element {
  const { room, snapshot, label, isThread, jumpTo, edit, remove } = props;
  const texts = useTexts();
  const language = useLanguage();
  const { isVisible } = usePane();
  const list = useRef<HTMLOListElement>(null);
  const { messages } = snapshot;
  const byId = useMemo(() => new Map(messages.map((message) => [message.id, message])), [messages]);
  const { isAway, onScroll, toEnd } = useScroll(props, list, isVisible);
  const keys = useMemo(() => messages.map(({ key }) => key), [messages]);
  const { active, onKeyDown, onFocusIn } = useArrows(list, keys);
  let day = '';
  return (
    <div class="message-frame">
      <ol
        ref={list}
        class="messages"
        aria-label={label}
        tabIndex={messages.length === 0 ? 0 : -1}
        onScroll={onScroll}
        onKeyDown={onKeyDown}
        onFocusIn={onFocusIn}
      >
        {snapshot.isLoadingOlder && <li class="quiet center">{texts.loading}</li>}
        {messages.map((message, at) => {
          const its = dayOf(language, texts, message.created_at);
          const isNewDay = its !== day && !isThread;
          day = its;
          return (
            <Fragment key={message.key}>
              {isNewDay && (
                <li class="day">
                  <span>{its}</span>
                </li>
              )}
              <MessageRow
                message={message}
                room={room}
                isContinued={!isNewDay && isContinued(message, messages[at - 1])}
                isActive={message.key === active}
                isFound={message.seq === jumpTo}
                isInThread={isThread}
                parent={byId.get(message.reply_to ?? '')}
                edit={edit}
                remove={remove}
              />
            </Fragment>
          );
        })}
      </ol>
      {isAway && <IconButton class="to-end" icon="down" label={texts.latest} onClick={toEnd} />}
    </div>
  );
}
