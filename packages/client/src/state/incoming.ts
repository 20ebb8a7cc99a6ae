// Where each event of the connection goes.
import type { AnyEvent, RealtimeState } from '../events.ts';
import type { Conversation } from './conversation.ts';
import type { Members } from './members.ts';
import type { People } from './people.ts';
import type { RoomList } from './room-list.ts';
import type { TypingRooms } from './typing.ts';

export interface Incoming {
  readonly me: string | undefined;
  readonly list: RoomList;
  readonly people: People;
  readonly typingRooms: TypingRooms;
  stateChanged(change: { to: RealtimeState }): void;
  conversationOf(chatId: string): Conversation | undefined;
  membersOf(chatId: string): Members | undefined;
  roomsChanged(): void;
}

export function receive(to: Incoming, event: AnyEvent): void {
  switch (event.type) {
    case 'message':
    case 'message_updated':
    case 'message_deleted':
    case 'reaction':
    case 'member_joined':
    case 'member_left':
    case 'room_updated':
      logged(to, event);
      return;
    case 'resync':
      to.conversationOf(event.data.chat_id)?.resync(event.data.last_seq);
      void to.membersOf(event.data.chat_id)?.reload();
      to.list.outdated(event.data.chat_id);
      to.roomsChanged();
      return;
    case 'room_joined':
      to.conversationOf(event.data.chat_id)?.reconnected();
      to.list.outdated(event.data.chat_id);
      to.roomsChanged();
      return;
    case 'room_removed':
      to.list.remove(event.data.chat_id);
      to.roomsChanged();
      return;
    case 'typing': {
      const { chat_id, user_id, expires_in_ms } = event.data;
      if (user_id !== to.me) to.typingRooms.heard(chat_id, user_id, expires_in_ms);
      return;
    }
    case 'user_status':
      to.people.learnPresence(event.data.user_id, {
        status: event.data.status,
        last_seen: event.data.timestamp,
      });
      return;
    case 'message_status':
      to.conversationOf(event.data.chat_id)?.status(event.data.message_id, event.data.status);
      return;
    case 'user_updated':
      to.people.learn({ [event.data.user_id]: event.data });
      return;
    case 'read':
      to.list.read(event.data);
      to.roomsChanged();
      return;
    case 'state':
      to.stateChanged(event.data);
      return;
  }
}

type Logged = Extract<
  AnyEvent,
  {
    type:
      | 'message'
      | 'message_updated'
      | 'message_deleted'
      | 'reaction'
      | 'member_joined'
      | 'member_left'
      | 'room_updated';
  }
>;

function logged(to: Incoming, { data, fromHistory }: Logged): void {
  to.conversationOf(data.chat_id)?.event(data, fromHistory === true);
  if (fromHistory === true) return;
  to.membersOf(data.chat_id)?.event(data);
  if (data.type === 'message') to.typingRooms.sent(data.chat_id, data.sender_id);
  to.list.event(data);
  to.roomsChanged();
}
