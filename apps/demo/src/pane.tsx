// One person: connection, rooms, and the room that is open.

import { useStore } from '@chatapi/page/value';
import type { JSX } from 'preact';
import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';
import { Avatar } from './avatar.tsx';
import { Conversation } from './conversation.tsx';
import { Icon, IconButton } from './icons.tsx';
import { Inspector } from './inspector.tsx';
import { useTexts } from './language.tsx';
import { type Jump, PaneContext, type PaneState, roomName, usePane } from './pane-state.tsx';
import type { Person } from './people.ts';
import { Rooms } from './rooms.tsx';
import { Search } from './search.tsx';
import { type DemoSettings, killNode } from './settings.ts';
import { Thread } from './thread.tsx';

interface PaneProps {
  me: Person;
  other: Person;
  settings: DemoSettings;
  isVisible: boolean;
  startOver(): void;
}

function Plug({ settings, say }: { settings: DemoSettings; say(text: string): void }): JSX.Element {
  const texts = useTexts();
  const { me } = usePane();
  const { isCut, node } = useStore(me.wire.view);
  const { runner } = settings;
  const kill = async (): Promise<void> => {
    if (runner === undefined || node === undefined) return;
    const isKilled = await killNode(runner, node).catch(() => false);
    say(isKilled ? texts.killed(node) : texts.notKilled);
  };
  return (
    <div class="plug">
      <button
        type="button"
        class={`button ${isCut ? 'primary' : ''}`}
        onClick={() => (isCut ? me.wire.mend() : me.wire.cut())}
      >
        <Icon name={isCut ? 'plug' : 'cut'} />
        {isCut ? texts.mend : texts.cut}
      </button>
      {runner !== undefined && (
        <button type="button" class="button danger" disabled={isCut || node === undefined} onClick={() => void kill()}>
          <Icon name="bolt" />
          {texts.kill}
        </button>
      )}
    </div>
  );
}

function RoomHead({ chatId, back, search }: { chatId: string; back(): void; search(): void }): JSX.Element {
  const texts = useTexts();
  const { me, other } = usePane();
  const room = useStore(me.live.info(chatId));
  const presence = useStore(me.live.presence(room?.recipient_id ?? other.id));
  const isOnline = presence?.status === 'online';
  const about =
    room?.kind === 'direct'
      ? isOnline
        ? texts.online
        : texts.offline
      : [texts.members(room?.member_count ?? 0), room?.topic].filter(Boolean).join(' · ');
  return (
    <header class="room-head">
      <IconButton class="back" icon="back" label={texts.back} onClick={back} />
      <div class="room-title">
        <h3>{roomName(texts, room)}</h3>
        <p class={room?.kind === 'direct' && isOnline ? 'is-online' : ''}>{about}</p>
      </div>
      <IconButton icon="search" label={texts.search} onClick={search} />
    </header>
  );
}

/** What is open: a room, a place in it, a thread or the search. */
function useOpened({ me }: PaneProps) {
  const [chosen, choose] = useState<string>();
  const [jump, setJump] = useState<Jump>();
  const [thread, openThread] = useState<string>();
  const [isSearching, search] = useState(false);
  const [isListShown, showList] = useState(false);
  const { status, rooms } = useStore(me.live.rooms());
  const first = status === 'ready' ? (rooms.find(({ kind }) => kind === 'private') ?? rooms[0])?.chat_id : undefined;
  // Whatever comes first later, the room that is open stays.
  useEffect(() => choose((its) => its ?? first), [first]);
  const chatId = chosen ?? first;
  const open = useCallback(
    (id: string, seq?: number): void => {
      choose(id);
      openThread(undefined);
      search(false);
      showList(false);
      setJump(seq === undefined ? undefined : { chatId: id, seq });
      if (seq !== undefined) void me.live.room(id).around(seq);
    },
    [me],
  );
  return { chatId, jump, thread, openThread, isSearching, search, isListShown, showList, open };
}

export function Pane(props: PaneProps): JSX.Element {
  const { me, other, settings, isVisible, startOver } = props;
  const texts = useTexts();
  const [notice, say] = useState('');
  const { chatId, jump, thread, openThread, isSearching, search, isListShown, showList, open } = useOpened(props);
  const { state, error } = useStore(me.live.connection());
  const presence = useStore(other.live.presence(me.id));
  const room = useStore(me.live.info(chatId ?? ''));
  const refuse = useCallback((thrown: unknown): void => say(texts.refused((thrown as Error).message)), [texts]);
  const pane: PaneState = useMemo(
    () => ({ me, other, isVisible, open, openThread, refuse }),
    [me, other, isVisible, open, refuse],
  );
  useEffect(() => {
    const timer = setTimeout(() => say(''), 6000);
    return () => clearTimeout(timer);
  }, [notice]);
  return (
    <PaneContext.Provider value={pane}>
      <section class={`pane ${isListShown ? 'list' : ''}`} aria-label={me.name} hidden={!isVisible}>
        <header class="pane-head">
          <Avatar name={me.name} id={me.id} isOnline={presence?.status === 'online'} />
          <div class="who">
            <h2>{me.name}</h2>
          </div>
          <Plug settings={settings} say={say} />
        </header>
        {chatId !== undefined && <Inspector chatId={chatId} />}
        <div class="pane-body">
          <Rooms openId={chatId} />
          <div class="conversation">
            {chatId === undefined ? (
              <p class="filler quiet">{state === 'closed' ? texts.ended : texts.loading}</p>
            ) : (
              <>
                <RoomHead chatId={chatId} back={() => showList(true)} search={() => search(true)} />
                <Conversation
                  key={chatId}
                  room={me.live.room(chatId)}
                  label={texts.messages(roomName(texts, room))}
                  writeLabel={texts.write(roomName(texts, room))}
                  isThread={false}
                  jumpTo={jump?.chatId === chatId ? jump.seq : undefined}
                />
                {thread !== undefined && <Thread chatId={chatId} id={thread} />}
              </>
            )}
            {isSearching && <Search close={() => search(false)} />}
          </div>
        </div>
        {state === 'closed' && (
          <div class="ended" role="alert">
            <p>
              {texts.ended} {error?.message}
            </p>
            <button type="button" class="button primary" onClick={startOver}>
              {texts.startOver}
            </button>
          </div>
        )}
        <p class={`notice ${notice === '' ? '' : 'shown'}`} role="status">
          {notice}
        </p>
      </section>
    </PaneContext.Provider>
  );
}
