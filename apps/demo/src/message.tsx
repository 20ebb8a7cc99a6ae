// One message of a list.
import type { MessageView, Room } from '@chatapi/client/state';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Attachments } from './attachments.tsx';
import { Avatar } from './avatar.tsx';
import { Content, previewOf } from './content.tsx';
import { Icon, IconButton } from './icons.tsx';
import { timeOf, useLanguage, useTexts } from './language.tsx';
import { usePane } from './pane-state.tsx';

const EMOJIS = ['👍', '❤️', '😂', '🎉', '👀', '🚀'];

interface MessageProps {
  message: MessageView;
  room: Room;
  /** The same person wrote the message above it just before. */
  isContinued: boolean;
  /** The one that the keyboard is at. */
  isActive: boolean;
  isFound: boolean;
  isInThread: boolean;
  parent: MessageView | undefined;
  edit(message: MessageView): void;
  remove(message: MessageView): void;
}

function Status({ message }: { message: MessageView }): JSX.Element {
  const texts = useTexts();
  const status = message.local === undefined || message.local.state === 'sent' ? message.status : message.local.state;
  const icon =
    status === 'sent'
      ? 'tick'
      : status === 'failed'
        ? 'alert'
        : status in { delivered: 1, read: 1 }
          ? 'ticks'
          : 'clock';
  return (
    <span class={`status ${status}`} data-status={status} title={texts.statuses[status]}>
      <Icon name={icon} />
      <span class="sr">{texts.statuses[status]}</span>
    </span>
  );
}

function Local({ message, room }: Pick<MessageProps, 'message' | 'room'>): JSX.Element | null {
  const texts = useTexts();
  const { local, client_id = '' } = message;
  if (local?.state === 'uploading') {
    const { sent = 0, total = 1 } = local.progress ?? {};
    return <progress value={sent} max={total} aria-label={texts.statuses.uploading} />;
  }
  if (local?.state !== 'failed') return null;
  return (
    <p class="failed" role="alert">
      {texts.statuses.failed}: {local.error?.message}{' '}
      <button type="button" class="link" onClick={() => room.retry(client_id)}>
        {texts.retry}
      </button>{' '}
      <button type="button" class="link" onClick={() => room.cancel(client_id)}>
        {texts.discard}
      </button>
    </p>
  );
}

function Reactions({ message, room, isActive }: MessageProps): JSX.Element | null {
  const texts = useTexts();
  const { me, refuse } = usePane();
  if (message.reactions.length === 0) return null;
  const toggle = (emoji: string, mine: boolean): void =>
    void (mine ? room.unreact(message.id, emoji) : room.react(message.id, emoji)).catch(refuse);
  return (
    <div class="reactions">
      {message.reactions.map(({ emoji, count, me: byMe, user_ids }) => {
        const mine = byMe || user_ids.includes(me.id);
        return (
          <button
            key={emoji}
            type="button"
            class="reaction"
            tabIndex={isActive ? 0 : -1}
            aria-pressed={mine}
            aria-label={texts.reactions(emoji, count)}
            onClick={() => toggle(emoji, mine)}
          >
            {emoji} <span>{count}</span>
          </button>
        );
      })}
    </div>
  );
}

function Actions({ message, room, isActive, isInThread, edit, remove }: MessageProps): JSX.Element {
  const texts = useTexts();
  const { me, openThread, refuse } = usePane();
  const [isChoosing, choose] = useState(false);
  const tabIndex = isActive ? 0 : -1;
  const isMine = message.sender_id === me.id;
  const react = (emoji: string): void => {
    choose(false);
    void room.react(message.id, emoji).catch(refuse);
  };
  return (
    <div class={`actions ${isChoosing ? 'open' : ''}`}>
      {isChoosing &&
        EMOJIS.map((emoji) => (
          <button
            key={emoji}
            type="button"
            class="icon-button"
            aria-label={texts.reactWith(emoji)}
            onClick={() => react(emoji)}
          >
            {emoji}
          </button>
        ))}
      <IconButton
        icon={isChoosing ? 'close' : 'smile'}
        label={isChoosing ? texts.close : texts.react}
        tabIndex={tabIndex}
        isExpanded={isChoosing}
        onClick={() => choose(!isChoosing)}
      />
      {!isChoosing && !isInThread && (
        <IconButton
          icon="reply"
          label={texts.reply}
          tabIndex={tabIndex}
          onClick={() => openThread(message.reply_to ?? message.id)}
        />
      )}
      {!isChoosing && isMine && (
        <>
          <IconButton icon="edit" label={texts.edit} tabIndex={tabIndex} onClick={() => edit(message)} />
          <IconButton icon="trash" label={texts.delete} tabIndex={tabIndex} onClick={() => remove(message)} />
        </>
      )}
    </div>
  );
}

function ThreadLink({ message, isActive }: MessageProps): JSX.Element | null {
  const texts = useTexts();
  const { openThread } = usePane();
  if (message.thread_count === 0 || message.is_deleted) return null;
  return (
    <button type="button" class="thread-link" tabIndex={isActive ? 0 : -1} onClick={() => openThread(message.id)}>
      <Icon name="reply" /> {texts.replies(message.thread_count)}
    </button>
  );
}

/** To what it is a reply. */
function Quote({ message, parent, isActive, isInThread }: MessageProps): JSX.Element | null {
  const texts = useTexts();
  const { openThread } = usePane();
  const { reply_to } = message;
  if (reply_to === null || isInThread) return null;
  const name = parent?.sender?.display_name ?? texts.unknown;
  return (
    <button type="button" class="quote" tabIndex={isActive ? 0 : -1} onClick={() => openThread(reply_to)}>
      <Icon name="reply" /> {parent === undefined ? texts.thread : texts.inReply(name)}
      {parent !== undefined && !parent.is_deleted && <span class="quote-text">{previewOf(parent.content)}</span>}
    </button>
  );
}

export function MessageRow(props: MessageProps): JSX.Element {
  const { message, isContinued, isActive, isFound } = props;
  const texts = useTexts();
  const language = useLanguage();
  const { me } = usePane();
  const name = message.sender?.display_name ?? (message.sender_id === me.id ? me.name : texts.unknown);
  const isLocal = message.local !== undefined && message.local.state !== 'sent';
  return (
    <li
      class={`message${isContinued ? ' continued' : ''}${isFound ? ' found' : ''}${isLocal ? ' local' : ''}`}
      data-seq={isLocal ? undefined : message.seq}
      data-key={message.key}
      tabIndex={isActive ? 0 : -1}
    >
      {!isContinued && <Avatar name={name} id={message.sender_id} url={message.sender?.avatar_url} />}
      <div class="body">
        {isContinued ? (
          <span class="sr">{name}</span>
        ) : (
          <div class="byline">
            <strong>{name}</strong> <time dateTime={message.created_at}>{timeOf(language, message.created_at)}</time>
          </div>
        )}
        <Quote {...props} />
        {message.is_deleted ? (
          <p class="tombstone">{texts.deleted}</p>
        ) : (
          <>
            {message.content !== '' && <Content text={message.content} />}
            <Attachments files={message.attachments} />
          </>
        )}
        <Local {...props} />
        <Reactions {...props} />
        <ThreadLink {...props} />
      </div>
      <span class="meta">
        {message.is_edited && !message.is_deleted && <span>{texts.edited}</span>}
        {message.sender_id === me.id && !message.is_deleted && <Status message={message} />}
      </span>
      {!isLocal && !message.is_deleted && <Actions {...props} />}
    </li>
  );
}
