// What the server takes and answers, with the wire's own keys. Times are RFC 3339 strings in UTC
// with milliseconds, ids opaque strings that sort by creation time. The OpenAPI document is
// compared with these types by a test.

import type { UserCard } from './pages.ts';

export type Role = 'user' | 'moderator' | 'admin';
export type RoomRole = 'owner' | 'moderator' | 'member';

export interface Presence {
  status: 'online' | 'offline';
  last_seen: string | null;
}

export interface User {
  id: string;
  username: string;
  /** For oneself and for admins only. null: an application's own user without one. */
  email?: string | null;
  /** For oneself and for admins only. */
  email_verified?: boolean;
  /** The id that the application gave its own user. For oneself and for admins only. */
  external_id?: string | null;
  display_name: string;
  bio: string;
  avatar_url: string | null;
  /** Of the application's own. */
  custom: Record<string, unknown>;
  kind: 'user' | 'bot';
  role: Role;
  status: 'active' | 'banned' | 'deactivated';
  created_at: string;
  updated_at: string;
}

export interface Me extends User {
  email: string | null;
  email_verified: boolean;
  external_id: string | null;
}

export interface Profile extends User {
  presence: Presence;
}

export interface Tokens {
  access_token: string;
  refresh_token: string;
  token_type: 'bearer';
  /** Seconds that `access_token` is good for. */
  expires_in: number;
}

export interface Session extends Tokens {
  user: Me;
}

/** A session that ends with the exchanged token. */
export interface ExchangedToken {
  access_token: string;
  issued_token_type: 'urn:ietf:params:oauth:token-type:access_token';
  token_type: 'bearer';
  /** Seconds until then. */
  expires_in: number;
  user: Me;
}

/** Without tokens where the server asks to confirm the e-mail address before the first login. */
export interface Registration extends Partial<Tokens> {
  user: Me;
}

export interface SessionInfo {
  id: string;
  /** Given by the application that made it. */
  name: string | null;
  created_at: string;
  last_used_at: string;
  ip: string;
  user_agent: string;
  current: boolean;
}

export interface FileInfo {
  id: string;
  filename: string;
  content_type: string;
  /** Bytes. */
  size: number;
  sha256: string;
  description: string | null;
  /**
   * Relative, signed and good until `url_expires_at`; null while it may not be fetched (see
   * `scan_status`).
   */
  url: string | null;
  url_expires_at: string | null;
  thumbnail_url: string | null;
  uploaded_by: string;
  scan_status: 'off' | 'pending' | 'clean' | 'infected';
  scan_result: string | null;
  created_at: string;
}

/** A file as a message bears it. */
export interface Attachment {
  id: string;
  filename: string;
  content_type: string;
  size: number;
  sha256: string;
  description: string | null;
  url: string;
  url_expires_at: string;
  thumbnail_url: string | null;
}

export interface Reaction {
  emoji: string;
  count: number;
  /** At most 20; all by `messages.reactors`. */
  user_ids: string[];
  /** Whether the caller is one of them. */
  me: boolean;
}

/** Who reacted, and when. */
export interface Reactor {
  user_id: string;
  created_at: string;
  /** null: deleted. */
  user: UserCard | null;
}

export interface Message {
  id: string;
  chat_id: string;
  /** The message's place in its room's log; never changes. */
  seq: number;
  sender_id: string;
  /** In a direct conversation. */
  recipient_id?: string;
  content: string;
  message_type: 'text' | 'image' | 'file' | 'system';
  attachments: Attachment[];
  reply_to: string | null;
  mentions: string[];
  thread_count: number;
  reactions: Reaction[];
  /** As its sender sees it. */
  status: 'sent' | 'delivered' | 'read';
  is_edited: boolean;
  is_deleted: boolean;
  created_at: string;
  updated_at: string;
  client_id?: string;
  /** Of the application's own; missing where there is none. */
  custom?: Record<string, unknown>;
  /** For admins, not in events: the application key that sent it as its sender. */
  sent_by_key?: string;
}

/** A message just sent, as the sender knows it before its event arrives. */
export const newMessage = (
  known: Omit<Partial<Message>, 'updated_at'> &
    Pick<Message, 'id' | 'chat_id' | 'seq' | 'sender_id' | 'content' | 'created_at'>,
): Message => ({
  message_type: 'text',
  attachments: [],
  reply_to: null,
  mentions: [],
  thread_count: 0,
  reactions: [],
  status: 'sent',
  is_edited: false,
  is_deleted: false,
  updated_at: known.created_at,
  ...known,
});

export interface Room {
  id: string;
  chat_id: string;
  kind: 'public' | 'private' | 'direct';
  name: string | null;
  topic: string | null;
  visibility: 'public' | 'private';
  /** The caller's; null for who is not in it. */
  role: RoomRole | null;
  recipient_id?: string;
  /** In a direct room: the other user was deleted, and nothing can be sent. */
  recipient_deleted?: boolean;
  /** Can be read and left; only admins write. */
  archived: boolean;
  member_count: number;
  slow_mode_seconds: number;
  last_seq: number;
  read_seq: number;
  unread_count: number;
  last_message: Message | null;
  created_at: string;
  updated_at: string;
}

export interface Member {
  user_id: string;
  username: string;
  display_name: string;
  kind: 'user' | 'bot';
  role: RoomRole;
  joined_at: string;
  read_seq: number;
  muted_until: string | null;
}

export interface Announcement {
  id: string;
  text: string;
  created_by: string;
  created_at: string;
}

export interface Export {
  id: string;
  status: 'pending' | 'ready';
  size: number | null;
  created_at: string;
  finished_at: string | null;
  expires_at: string | null;
  /** Relative and signed; once it is ready. */
  url: string | null;
  url_expires_at: string | null;
}

export interface RateLimit {
  name:
    | 'general'
    | 'uploads'
    | 'login'
    | 'login_address'
    | 'registrations'
    | 'websocket_messages'
    | 'websocket_frames'
    | 'upgrades'
    | 'docs'
    | 'hooks';
  limit: number;
  window_s: number;
  /** Null where it is not known for this caller. */
  remaining: number | null;
  /** Unix seconds. */
  reset: number | null;
}
