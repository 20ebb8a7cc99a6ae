// What is said in a room or in a thread of it, and where to say more.
import type { MessageView, Room } from '@chatapi/client/state';
import { useStore } from '@chatapi/page/value';
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Composer } from './composer.tsx';
import { useTexts } from './language.tsx';
import { MessageList } from './message-list.tsx';
import { usePane } from './pane-state.tsx';

interface ConversationProps {
  room: Room;
  /** Of the list and of the field. */
  label: string;
  writeLabel: string;
  isThread: boolean;
  jumpTo?: number;
}

function useRemoval(room: Room) {
  const texts = useTexts();
  const { refuse } = usePane();
  const dialog = useRef<HTMLDialogElement>(null);
  const [doomed, doom] = useState<MessageView>();
  const close = (): void => dialog.current?.close();
  const ask = (message: MessageView): void => {
    doom(message);
    dialog.current?.showModal();
  };
  const element = (
    <dialog ref={dialog} aria-label={texts.deleteAsk}>
      <p>{texts.deleteAsk}</p>
      <div class="buttons">
        <button type="button" class="button" onClick={close}>
          {texts.cancel}
        </button>
        <button
          type="button"
          class="button danger"
          onClick={() => {
            close();
            if (doomed !== undefined) void room.delete(doomed.id).catch(refuse);
          }}
        >
          {texts.delete}
        </button>
      </div>
    </dialog>
  );
  return { ask, element };
}

/** Read is what somebody sees: not in a pane that is hidden, nor in a page that is. */
function useReading(room: Room, isThread: boolean, last: MessageView | undefined, isReady: boolean): void {
  const { isVisible } = usePane();
  useEffect(() => {
    if (isThread || !isReady || !isVisible || last === undefined) return;
    const read = (): void => {
      if (document.visibilityState === 'visible') room.markRead();
    };
    read();
    document.addEventListener('visibilitychange', read);
    return () => document.removeEventListener('visibilitychange', read);
  }, [room, isThread, last?.key, isReady, isVisible]);
}

export function Conversation({ room, label, writeLabel, isThread, jumpTo }: ConversationProps): JSX.Element {
  const texts = useTexts();
  const { me } = usePane();
  const snapshot = useStore(room);
  const typing = useStore(me.live.typing(room.chatId));
  const [editing, edit] = useState<MessageView>();
  const { ask, element } = useRemoval(room);
  const { status, messages, hasNewer } = snapshot;
  useReading(room, isThread, messages.at(-1), status === 'ready' && !hasNewer);
  const editLast = (): void => {
    const own = messages.findLast(
      ({ sender_id, is_deleted, local }) => sender_id === me.id && !is_deleted && local === undefined,
    );
    if (own !== undefined) edit(own);
  };
  return (
    <>
      {status === 'loading' && messages.length === 0 ? (
        <p class="filler quiet">{texts.loading}</p>
      ) : status === 'failed' ? (
        <p class="filler" role="alert">
          {texts.loadFailed} {snapshot.error?.message}
          <button type="button" class="button" onClick={() => void room.toLatest()}>
            {texts.tryAgain}
          </button>
        </p>
      ) : messages.length === 0 && !isThread ? (
        <p class="filler quiet">{texts.empty}</p>
      ) : (
        <MessageList {...{ room, snapshot, label, isThread, jumpTo, edit, remove: ask }} />
      )}
      <p class="typing-line" aria-live="polite">
        {!isThread && typing.length > 0 && texts.typing(typing.map((user) => user.display_name))}
      </p>
      <Composer room={room} label={writeLabel} editing={editing} done={() => edit(undefined)} editLast={editLast} />
      {element}
    </>
  );
}
