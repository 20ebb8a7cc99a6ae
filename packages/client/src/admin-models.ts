// Responses of the admin API.
import type { Export, FileInfo, User } from './models.ts';
import type { UserCard } from './pages.ts';

/** null: unknown, because Redis is unavailable. */
export interface Stats {
  users: { total: number; active_24h: number; new_24h: number; online: number | null; banned: number };
  rooms: { total: number; public: number; private: number; direct: number };
  messages: { total: number; last_24h: number; last_hour: number };
  files: { total: number; bytes: number };
  connections: { total: number | null; by_node: Record<string, number> };
  generated_at: string;
}

export type SeriesMetric = 'messages' | 'users_online' | 'connections' | 'requests' | 'errors' | 'rate_limited';

export interface Series {
  metric: SeriesMetric;
  from: string;
  to: string;
  /** In seconds. */
  step: number;
  /** Oldest first; null: not known. The last one may go on. */
  points: { at: string; value: number | null }[];
}

/** A room as admins see it: without messages. */
export interface AdminRoom {
  id: string;
  chat_id: string;
  kind: 'public' | 'private' | 'direct';
  name: string | null;
  topic: string | null;
  visibility: 'public' | 'private';
  archived: boolean;
  slow_mode_seconds: number;
  member_count: number;
  last_seq: number;
  /** At most 20. */
  owner_ids: string[];
  created_at: string;
  updated_at: string;
  last_active_at: string;
}

export interface Ban {
  reason: string | null;
  /** null: until it is lifted. */
  until: string | null;
  /** null: not on record. */
  by: string | null;
  at: string | null;
}

/** A user as staff see one. */
export interface AdminUser extends User {
  /** Of the last session, right within 10 minutes; null: never. */
  last_seen_at: string | null;
  /** null: not banned. */
  ban: Ban | null;
  open_reports: number;
}

/** null: the service that knows did not answer. */
export interface UserCounts {
  rooms: number | null;
  /** Ever sent, with those that are deleted. */
  messages: number | null;
  files: number | null;
  file_bytes: number | null;
  sessions: number | null;
  reports_about: number;
  reports_by: number;
}

export interface AdminUserDetails extends AdminUser {
  counts: UserCounts;
}

export interface AdminUserRoom extends AdminRoom {
  role: 'owner' | 'moderator' | 'member';
  joined_at: string;
}

export interface UserSession {
  id: string;
  /** Of a session that an application made. */
  name: string | null;
  created_at: string;
  last_used_at: string;
  ip: string;
  user_agent: string;
}

/** A file without links. */
export type ListedFile = Omit<FileInfo, 'url' | 'url_expires_at' | 'thumbnail_url'>;

export interface AuditEntry {
  id: string;
  action: string;
  actor_id: string;
  target_id: string;
  details: Record<string, unknown>;
  ip: string;
  request_id: string;
  outcome: 'pending' | 'done' | 'refused' | 'unknown';
  error: string | null;
  created_at: string;
}

/** Names of the claims of an issuer's tokens. */
export interface ClaimNames {
  username?: string;
  display_name?: string;
  email?: string;
  avatar_url?: string;
}

/** Whose tokens may be exchanged for a session. Its secret is never shown. */
export interface Issuer {
  id: string;
  issuer: string;
  audience: string;
  jwks_url: string | null;
  /** JWKs. */
  public_keys: Record<string, unknown>[] | null;
  has_secret: boolean;
  /** The claim with the `external_id`. */
  user_claim: string;
  create_users: boolean;
  claims: ClaimNames;
  created_at: string;
  /** When `jwks_url` last gave keys. */
  jwks_fetched_at: string | null;
}

/** Without its code. */
export interface Invite {
  id: string;
  max_uses: number;
  uses: number;
  expires_at: string;
  rooms: string[];
  created_at: string;
}

/** `code` is shown only once. */
export type NewInvite = Invite & { code: string };

/** What an application key or a bot token may do. */
export type Scope =
  | 'users:read'
  | 'users:write'
  | 'tokens:write'
  | 'rooms:read'
  | 'rooms:write'
  | 'messages:read'
  | 'messages:write'
  | 'files:read'
  | 'files:write'
  | 'events:read'
  | 'webhooks:write'
  | 'moderation:write'
  | 'stats:read'
  | 'act_as';

/** An application key, without its secret. */
export interface ApplicationKey {
  id: string;
  name: string;
  scopes: Scope[];
  created_at: string;
  expires_at: string | null;
  /** Right within a minute. */
  last_used_at: string | null;
}

/** `key` is the secret, which is shown only once. */
export type NewApplicationKey = ApplicationKey & { key: string };

export type ReportTarget = 'message' | 'file' | 'user';

export interface Report {
  id: string;
  reporter_id: string;
  target_type: ReportTarget;
  target_id: string;
  /** The sender, uploader or user that was reported; null in old reports. */
  about_user_id: string | null;
  /** Empty once the reporter or the reported user is erased. */
  reason: string;
  status: 'open' | 'resolved' | 'dismissed';
  handled_by: string | null;
  handled_at: string | null;
  note: string | null;
  created_at: string;
}

export interface ListedReport extends Report {
  /** The reported message as it is now; null for other targets or when it is unavailable. */
  message: {
    id: string;
    chat_id: string;
    sender_id: string;
    content: string;
    is_deleted: boolean;
    created_at: string;
  } | null;
}

/** A message as staff see one. */
export interface ContextMessage {
  id: string;
  chat_id: string;
  seq: number;
  sender_id: string;
  content: string;
  message_type: string;
  /** Names of the attached files. */
  files: string[];
  is_edited: boolean;
  is_deleted: boolean;
  created_at: string;
  /** Of the application's own; missing where there is none. */
  custom?: Record<string, unknown>;
}

/** An export of an account, without a link. */
export type ListedExport = Omit<Export, 'url' | 'url_expires_at'> & { user_id: string };

export interface ReportContext {
  /** The reported message. */
  message_id: string;
  /** It and up to 10 on each side, oldest first. */
  messages: ContextMessage[];
  users: Record<string, UserCard>;
}

export interface WordFilter {
  words: { word: string; action: 'block' | 'mask' }[];
  revision: number;
  updated_at: string;
}

/** How the word filter judges a text. */
export interface WordJudgement {
  /** As it would be stored: masked words are asterisks. */
  text: string;
  /** A message with this text would be refused. */
  blocked: boolean;
}

export interface Health {
  status: 'ok' | 'unavailable';
  latency_ms: number;
}

export interface ServiceHealth extends Health {
  version: string | null;
  uptime_s: number | null;
}

export interface SystemHealth {
  status: 'ok' | 'degraded';
  services: (ServiceHealth & { name: string; service: string })[];
  database: ServiceHealth;
  redis: ServiceHealth;
  queues: Health & { counts: Record<string, Record<string, number>> };
  disk: Health & { free_bytes: number | null; total_bytes: number | null };
  timestamp: string;
}

export interface ResetLink {
  url: string;
  expires_at: string;
}
