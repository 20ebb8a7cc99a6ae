// What a connection tells. The names are the wire's, which are AsyncAPI's; `state`, `resync` and `error` are its own.
import type { ChatApiError } from './errors.ts';
import type { Attachment, Message, Room, RoomRole } from './models.ts';

/** `waiting`: for the next try. `closed`: for good. */
export type RealtimeState = 'idle' | 'connecting' | 'connected' | 'waiting' | 'closed';

export interface StateChange {
  from: RealtimeState;
  to: RealtimeState;
  /** The close code, or the HTTP status of a refusal. */
  code?: number;
  reason?: string;
  /** To the next try. */
  retryInMs?: number;
}

/** The log no longer reached back: `missed` messages came from history, edits and reactions did not. */
export interface Resync {
  chat_id: string;
  missed: number;
  first_seq: number;
  last_seq: number;
}

/** A change of a room: `seq` is its own place in the room's log. */
interface Logged<Type extends string> {
  type: Type;
  chat_id: string;
  seq: number;
}

export interface MessageUpdated extends Logged<'message_updated'> {
  message_id: string;
  content: string;
  attachments: Attachment[];
  is_edited: boolean;
  updated_at: string;
}

export interface MessageDeleted extends Logged<'message_deleted'> {
  message_id: string;
}

export interface ReactionChanged extends Logged<'reaction'> {
  message_id: string;
  user_id: string;
  emoji: string;
  action: 'added' | 'removed';
}

export interface MemberJoined extends Logged<'member_joined'> {
  user_id: string;
  role?: RoomRole;
}

export interface MemberLeft extends Logged<'member_left'> {
  user_id: string;
}

export interface RoomUpdated extends Logged<'room_updated'>, Partial<Omit<Room, 'chat_id' | 'last_seq'>> {
  /** Whose role changed. */
  member?: { user_id: string; role: RoomRole };
}

/** My own membership changed. */
export interface MyRoom<Type extends string> {
  type: Type;
  chat_id: string;
}

export interface UserStatus {
  type: 'user_status';
  user_id: string;
  status: 'online' | 'offline';
  timestamp: string;
}

/** Of a message of mine. */
export interface MessageStatus {
  type: 'message_status';
  message_id: string;
  chat_id: string;
  seq: number;
  status: 'delivered' | 'read';
  timestamp: string;
}

export interface Typing {
  type: 'typing';
  chat_id: string;
  user_id: string;
  timestamp: string;
}

export interface Announced {
  type: 'announcement';
  id: string;
  text: string;
  created_at: string;
}

export interface RealtimeEvents {
  message: Message & { type: 'message' };
  message_updated: MessageUpdated;
  message_deleted: MessageDeleted;
  reaction: ReactionChanged;
  member_joined: MemberJoined;
  member_left: MemberLeft;
  room_updated: RoomUpdated;
  room_joined: MyRoom<'room_joined'>;
  room_removed: MyRoom<'room_removed'>;
  user_status: UserStatus;
  message_status: MessageStatus;
  typing: Typing;
  announcement: Announced;
  state: StateChange;
  resync: Resync;
  /** Something was refused that no call waits for. */
  error: ChatApiError;
}

export type EventName = keyof RealtimeEvents;

/** One event of any kind, as `events()` gives it. */
export type AnyEvent = { [Name in EventName]: { type: Name; data: RealtimeEvents[Name] } }[EventName];
