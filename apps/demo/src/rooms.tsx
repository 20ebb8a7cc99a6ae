// The list of a person's rooms.
import type { RoomView } from '@chatapi/client/state';
import { useStore } from '@chatapi/page/value';
import type { JSX } from 'preact';
import { Avatar } from './avatar.tsx';
import { previewOf } from './content.tsx';
import { timeOf, useLanguage, useTexts } from './language.tsx';
import { NewRoom } from './new-room.tsx';
import { roomName, usePane } from './pane-state.tsx';
import { UnreadBadge } from './unread-badge.tsx';

function RoomItem({ room, isOpen }: { room: RoomView; isOpen: boolean }): JSX.Element {
  const texts = useTexts();
  const language = useLanguage();
  const { me, open } = usePane();
  const presence = useStore(me.live.presence(room.recipient_id ?? me.id));
  const typing = useStore(me.live.typing(room.chat_id));
  const sender = useStore(me.live.user(room.last_message?.sender_id ?? me.id));
  const name = roomName(texts, room);
  const { last_message: last, unread_count: unread } = room;
  const who = last === null ? '' : last.sender_id === me.id ? texts.you : (sender?.display_name ?? '');
  const said =
    last === null ? (room.topic ?? texts.nothingYet) : last.is_deleted ? texts.deleted : previewOf(last.content);
  const files = last?.attachments.map(({ filename }) => filename).join(', ') ?? '';
  return (
    <li>
      <button type="button" class="room" aria-current={isOpen ? 'true' : undefined} onClick={() => open(room.chat_id)}>
        <Avatar
          name={name}
          id={room.recipient_id ?? room.chat_id}
          isOnline={room.kind === 'direct' ? presence?.status === 'online' : undefined}
          url={room.recipient?.avatar_url}
        />
        <span class="room-name">{name}</span>
        {last !== null && (
          <time class="room-time" dateTime={last.created_at}>
            {timeOf(language, last.created_at)}
          </time>
        )}
        <span class={`room-last ${typing.length > 0 ? 'typing' : ''}`}>
          {typing.length > 0
            ? texts.typing(typing.map((user) => user.display_name))
            : `${who && `${who}: `}${said || files}`}
        </span>
        <UnreadBadge unread={unread} />
      </button>
    </li>
  );
}

export function Rooms({ openId }: { openId: string | undefined }): JSX.Element {
  const texts = useTexts();
  const { me } = usePane();
  const { status, rooms } = useStore(me.live.rooms());
  return (
    <nav class="rooms" aria-label={`${texts.rooms}: ${me.name}`}>
      <h3 class="rooms-title">{texts.rooms}</h3>
      {status === 'loading' && rooms.length === 0 && <p class="quiet">{texts.loading}</p>}
      {status === 'ready' && rooms.length === 0 && <p class="quiet">{texts.noRooms}</p>}
      <ul>
        {rooms.map((room) => (
          <RoomItem key={room.chat_id} room={room} isOpen={room.chat_id === openId} />
        ))}
      </ul>
      <NewRoom />
    </nav>
  );
}
