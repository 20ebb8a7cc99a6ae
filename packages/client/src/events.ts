// What a connection tells. The names are the wire's, which are AsyncAPI's; `state`, `resync` and
// `error` are its own.
import type { AuditEntry, Report, Stats } from './admin-models.ts';
import type { ChatApiError } from './errors.ts';
import type { Attachment, Message, RoomRole } from './models.ts';
import type { UserCard } from './pages.ts';

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

/**
 * The log no longer reached back: `missed` messages came from history, edits and reactions did not.
 */
export interface Resync {
  chat_id: string;
  missed: number;
  first_seq: number;
  last_seq: number;
}

/** A change of a room. `seq`: position of the event in the log of the room. */
interface Logged<Type extends string> {
  type: Type;
  chat_id: string;
  seq: number;
}

/**
 * `parent_thread_count`: of a reply, the number of replies that its parent has after this event;
 * missing in what came from history. `reactions` are empty, and no `me` is in an event: all members
 * get the same bytes.
 */
export type MessageCreated = Message & { type: 'message'; parent_thread_count?: number };

/**
 * A message was edited, lost a file, or mentions somebody who became known. Only an edit sets
 * `is_edited`.
 */
export interface MessageUpdated extends Logged<'message_updated'> {
  message_id: string;
  content: string;
  attachments: Attachment[];
  is_edited: boolean;
  updated_at: string;
  /** Who is mentioned after the change. Missing only in events that an older server wrote. */
  mentions?: string[];
  /** As after the change; missing where there is none. */
  custom?: Record<string, unknown>;
  /** Set in the replay of an edit whose text was removed; `content` and the lists are empty. */
  is_deleted?: true;
}

/** `parent_thread_count`: of a reply, the replies that its parent has after this event. */
export interface MessageDeleted extends Logged<'message_deleted'> {
  message_id: string;
  reply_to?: string;
  parent_thread_count?: number;
}

export interface ReactionChanged extends Logged<'reaction'> {
  message_id: string;
  user_id: string;
  /** Empty if the user was erased: all their reactions to the message are removed. */
  emoji: string;
  action: 'added' | 'removed';
  /** Reactions with this emoji after the event. Missing in events of older servers. */
  count?: number;
}

export interface MemberJoined extends Logged<'member_joined'> {
  user_id: string;
  role: RoomRole;
}

export interface MemberLeft extends Logged<'member_left'> {
  user_id: string;
}

/** Contains only what changed. */
export interface RoomUpdated extends Logged<'room_updated'> {
  name?: string | null;
  topic?: string | null;
  visibility?: 'public' | 'private';
  slow_mode_seconds?: number;
  archived?: boolean;
  updated_at?: string;
  member?: ChangedMember;
  /** The other user of this direct room was deleted. */
  recipient_deleted?: true;
}

/** The member whose role or mute changed. */
export interface ChangedMember {
  user_id: string;
  /** null: no longer a member. */
  role: RoomRole | null;
  /** null: not muted; the year 9999: until unmuted. */
  muted_until?: string | null;
}

/** The user became a member of a room. */
export interface RoomJoined {
  type: 'room_joined';
  chat_id: string;
  role: RoomRole;
  timestamp: string;
}

/** The user is no longer a member of a room. */
export interface RoomRemoved {
  type: 'room_removed';
  chat_id: string;
  /** The room was deleted. */
  deleted?: true;
  timestamp: string;
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
  status: 'delivered' | 'read';
  timestamp: string;
}

export interface Typing {
  type: 'typing';
  chat_id: string;
  user_id: string;
  /** Without another event the user has stopped after this time; 0: stopped. */
  expires_in_ms: number;
  timestamp: string;
}

/** The user has read further in a room, on another connection or by REST. */
export interface ReadMoved {
  type: 'read';
  chat_id: string;
  read_seq: number;
  /** As of `last_seq`: unread messages with a higher seq come on top. */
  unread_count: number;
  last_seq: number;
  timestamp: string;
}

/** The name or picture of the user, or of somebody whose presence the user sees, changed. */
export interface UserUpdated extends UserCard {
  type: 'user_updated';
  user_id: string;
  timestamp: string;
}

export interface Announced {
  type: 'announcement';
  id: string;
  text: string;
  created_at: string;
}

/** To staff who asked for it by `watchStaff`, every two seconds. */
export interface StaffStats {
  type: 'staff_stats';
  stats: Stats;
  open_reports: number;
  timestamp: string;
}

export interface StaffReport {
  type: 'staff_report';
  report: Report;
}

/** An entry of the audit log whose outcome is known. */
export interface StaffEntry {
  type: 'staff_entry';
  entry: AuditEntry;
}

/** The user is staff no more. */
export interface StaffEnded {
  type: 'staff_ended';
  timestamp: string;
}

export interface RealtimeEvents {
  message: MessageCreated;
  message_updated: MessageUpdated;
  message_deleted: MessageDeleted;
  reaction: ReactionChanged;
  member_joined: MemberJoined;
  member_left: MemberLeft;
  room_updated: RoomUpdated;
  room_joined: RoomJoined;
  room_removed: RoomRemoved;
  user_status: UserStatus;
  message_status: MessageStatus;
  typing: Typing;
  read: ReadMoved;
  user_updated: UserUpdated;
  announcement: Announced;
  staff_stats: StaffStats;
  staff_report: StaffReport;
  staff_entry: StaffEntry;
  staff_ended: StaffEnded;
  state: StateChange;
  resync: Resync;
  /** Something was refused that no call waits for. */
  error: ChatApiError;
}

export type EventName = keyof RealtimeEvents;

/**
 * One event of any kind, as `events()` gives it. `fromHistory`: a message that the log no longer
 * held; a `resync` follows.
 */
export type AnyEvent = {
  [Name in EventName]: { type: Name; data: RealtimeEvents[Name]; fromHistory?: true };
}[EventName];
