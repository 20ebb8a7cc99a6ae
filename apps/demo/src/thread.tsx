// A message and the replies to it.
import type { Message } from '@chatapi/client';
import { useStore } from '@chatapi/page/value';
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Content } from './content.tsx';
import { Conversation } from './conversation.tsx';
import { IconButton } from './icons.tsx';
import { timeOf, useLanguage, useTexts } from './language.tsx';
import { usePane } from './pane-state.tsx';

/** From the window of the room; asked for if it is not in it. */
function useParent(chatId: string, id: string): Message | undefined {
  const { me, refuse } = usePane();
  const { messages } = useStore(me.live.room(chatId));
  const [read, setRead] = useState<Message>();
  const known = messages.find((message) => message.id === id);
  useEffect(() => {
    if (known === undefined) void me.client.messages.get(id).then(setRead, refuse);
  }, [id, known === undefined]);
  return known ?? read;
}

export function Thread({ chatId, id }: { chatId: string; id: string }): JSX.Element {
  const texts = useTexts();
  const language = useLanguage();
  const { me, openThread } = usePane();
  const parent = useParent(chatId, id);
  const sender = useStore(me.live.user(parent?.sender_id ?? me.id));
  const panel = useRef<HTMLElement>(null);
  useEffect(() => panel.current?.querySelector('textarea')?.focus(), [id]);
  const close = (): void => openThread(undefined);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape' && !event.defaultPrevented) close();
  };
  return (
    <section ref={panel} class="panel" aria-label={`${texts.thread}: ${me.name}`} onKeyDown={onKeyDown}>
      <div class="panel-head">
        <h4>{texts.thread}</h4>
        <IconButton icon="close" label={texts.close} onClick={close} />
      </div>
      {parent !== undefined && (
        <div class="parent">
          <div class="byline">
            <strong>{sender?.display_name ?? texts.unknown}</strong>{' '}
            <time dateTime={parent.created_at}>{timeOf(language, parent.created_at)}</time>
          </div>
          {parent.is_deleted ? <p class="tombstone">{texts.deleted}</p> : <Content text={parent.content} />}
        </div>
      )}
      <Conversation
        key={id}
        room={me.live.room(chatId).thread(id)}
        label={texts.thread}
        writeLabel={texts.writeReply}
        isThread
      />
    </section>
  );
}
