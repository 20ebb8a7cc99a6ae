// Administration: write access for admins, read access for moderators.
import type {
  AdminRoom,
  ApplicationKey,
  AuditEntry,
  ClaimNames,
  Invite,
  Issuer,
  ListedReport,
  NewApplicationKey,
  NewInvite,
  Report,
  ReportContext,
  ReportTarget,
  Scope,
  Series,
  SeriesMetric,
  Stats,
  SystemHealth,
  WordFilter,
  WordJudgement,
} from './admin-models.ts';
import type { BanInput } from './admin-people.ts';
import { AdminRecordsApi } from './admin-records.ts';
import type { Announcement, Member } from './models.ts';
import { type Page, pageOf, pages } from './pages.ts';
import { path } from './paths.ts';
import type { CallOptions, Paging } from './rest.ts';

export interface AdminRoomQuery extends Paging {
  /** Part of the id, the name or the topic. */
  search?: string;
  kind?: AdminRoom['kind'];
  archived?: boolean;
  /** By time of creation (default) or of the last activity. */
  sort?: 'created' | 'active';
}

export interface AdminRoomPatch {
  name?: string | null;
  topic?: string | null;
  visibility?: AdminRoom['visibility'];
  archived?: boolean;
  /** Makes this user an owner, and a member if necessary. */
  owner_id?: string;
}

export interface AuditFilter {
  actor_id?: string;
  target_id?: string;
  action?: string;
  outcome?: AuditEntry['outcome'];
  /** RFC 3339: the first time that counts. */
  from?: string;
  /** RFC 3339: the first time that counts no more. */
  to?: string;
}

export type AuditQuery = AuditFilter & Paging;

export interface ReportQuery extends Paging {
  status?: Report['status'];
  target_type?: ReportTarget;
  target_id?: string;
  /** The sender, the uploader, or the reported user. */
  about_user_id?: string;
  reporter_id?: string;
}

export interface SeriesQuery {
  metric: SeriesMetric;
  /** RFC 3339, at most 30 days ago; default: a day before `to`. */
  from?: string;
  /** RFC 3339; default: now. */
  to?: string;
  /** Seconds per point, a multiple of 60; at most 1,000 points. */
  step?: number;
}

export interface ReportActInput {
  /** Default: resolved. */
  status?: 'resolved' | 'dismissed';
  note?: string | null;
  /** The message, or for admins the file. */
  delete_target?: boolean;
  /** The sender, in the room of the message; without `until` until lifted. */
  mute?: { until?: string | null };
  /** Moderators: at most 24 hours. */
  ban?: BanInput;
}

/** One of `jwks_url`, `public_keys` and `secret`. */
export interface IssuerInput {
  /** The claim `iss` of its tokens, exactly. */
  issuer: string;
  /** One of the values of the claim `aud`. */
  audience: string;
  /** http or https, globally reachable. */
  jwks_url?: string;
  /** PEM or JWK, at most 20: RSA, P-256, P-384, P-521 or Ed25519. */
  public_keys?: (string | Record<string, unknown>)[];
  /** For HS256, at least 32 bytes. */
  secret?: string;
  /** The claim with the `external_id`; default: `sub`. */
  user_claim?: string;
  /** Whether unknown users get an account; default: false. */
  create_users?: boolean;
  claims?: ClaimNames;
}

export interface InviteInput {
  /** 1–1,000; default: 1. */
  max_uses?: number;
  /** RFC 3339, in the future; default: in 7 days. */
  expires_at?: string;
  /** Rooms that who registers with it becomes a member of; at most 20. */
  rooms?: string[];
}

export interface KeyInput {
  /** At most 64 characters. */
  name: string;
  scopes: Scope[];
  /** RFC 3339, in the future; default: it does not expire. */
  expires_at?: string | null;
}

/**
 * Every method rejects with `ChatApiError`, without the required role with `AUTHORIZATION_ERROR`.
 */
export class AdminApi extends AdminRecordsApi {
  /** Returns counts of users, rooms, messages, files and connections, at most 2 s old. */
  stats(options?: CallOptions): Promise<Stats> {
    return this.rest.call('GET', '/admin/dashboard/stats', options);
  }

  /** Recounts everything. */
  rebuildStats(options?: CallOptions): Promise<Stats> {
    return this.rest.call('POST', '/admin/dashboard/stats/rebuild', options);
  }

  /** Returns a series for a chart, of the last 30 days by the minute. */
  series(query: SeriesQuery, options?: CallOptions): Promise<Series> {
    return this.rest.call('GET', '/admin/dashboard/series', { ...options, query });
  }

  deleteMessage(messageId: string, options?: CallOptions): Promise<void> {
    return this.rest.call('DELETE', path`/admin/messages/${messageId}`, options);
  }

  /** Lists all rooms, newest first or latest activity first. */
  async rooms(query: AdminRoomQuery = {}, options?: CallOptions): Promise<Page<AdminRoom>> {
    return pageOf('rooms', await this.rest.call('GET', '/admin/rooms', { ...options, query }));
  }

  iterateRooms(query: Omit<AdminRoomQuery, keyof Paging> = {}): AsyncGenerator<AdminRoom, void, undefined> {
    return pages((start) => this.rooms({ ...query, limit: 100, ...start }));
  }

  room(chatId: string, options?: CallOptions): Promise<AdminRoom> {
    return this.rest.call('GET', path`/admin/rooms/${chatId}`, options);
  }

  /** Lists the members of any room, the longest members first. */
  async roomMembers(chatId: string, query: Paging = {}, options?: CallOptions): Promise<Page<Member>> {
    return pageOf('members', await this.rest.call('GET', path`/admin/rooms/${chatId}/members`, { ...options, query }));
  }

  /** Changes any room. `CONFLICT` for what `general` or a direct room cannot be. */
  updateRoom(chatId: string, patch: AdminRoomPatch, options?: CallOptions): Promise<AdminRoom> {
    return this.rest.call('PUT', path`/admin/rooms/${chatId}`, { ...options, body: patch });
  }

  /** Deletes a room; its id stays taken. Not `general` and no direct rooms. */
  deleteRoom(chatId: string, options?: CallOptions): Promise<void> {
    return this.rest.call('DELETE', path`/admin/rooms/${chatId}`, options);
  }

  /** Lists admin actions, newest first. */
  async auditLog(query: AuditQuery = {}, options?: CallOptions): Promise<Page<AuditEntry>> {
    return pageOf('entries', await this.rest.call('GET', '/admin/audit-log', { ...options, query }));
  }

  /** Downloads admin actions as CSV into memory. The download itself is in the log. */
  auditLogCsv(query: AuditFilter = {}, options?: CallOptions): Promise<Blob> {
    return this.rest.download('/admin/audit-log.csv', { ...options, query });
  }

  async reports(query: ReportQuery = {}, options?: CallOptions): Promise<Page<ListedReport>> {
    return pageOf('reports', await this.rest.call('GET', '/admin/reports', { ...options, query }));
  }

  /** Marks a report as resolved. */
  resolveReport(reportId: string, input: { note?: string | null } = {}, options?: CallOptions): Promise<Report> {
    return this.rest.call('POST', path`/admin/reports/${reportId}/resolve`, { ...options, body: input });
  }

  /** Dismisses a report. */
  dismissReport(reportId: string, input: { note?: string | null } = {}, options?: CallOptions): Promise<Report> {
    return this.rest.call('POST', path`/admin/reports/${reportId}/dismiss`, { ...options, body: input });
  }

  /** Returns the reported message with up to 10 on each side. Each look is in the audit log. */
  reportContext(reportId: string, options?: CallOptions): Promise<ReportContext> {
    return this.rest.call('GET', path`/admin/reports/${reportId}/context`, options);
  }

  /**
   * Deletes, mutes or bans because of a report, and settles it. Repeat it when it fails. Moderators:
   * `AUTHORIZATION_ERROR` with the reason `ban_limit` (over 24 hours) or `staff`.
   */
  actOnReport(reportId: string, input: ReportActInput = {}, options?: CallOptions): Promise<Report> {
    return this.rest.call('POST', path`/admin/reports/${reportId}/act`, { ...options, body: input });
  }

  /** Announces to all connected users; others find it in `announcements`. */
  announce(input: { text: string }, options?: CallOptions): Promise<Announcement> {
    return this.rest.call('POST', '/admin/announcements', { ...options, body: input, safe: false });
  }

  async announcements(query: Paging = {}, options?: CallOptions): Promise<Page<Announcement>> {
    return pageOf('announcements', await this.rest.call('GET', '/admin/announcements', { ...options, query }));
  }

  /** Returns the words that are blocked or masked in messages. */
  wordFilter(options?: CallOptions): Promise<WordFilter> {
    return this.rest.call('GET', '/admin/word-filter', options);
  }

  /** Replaces the word list. Takes effect everywhere within 2 s. */
  setWordFilter(input: Pick<WordFilter, 'words'>, options?: CallOptions): Promise<WordFilter> {
    return this.rest.call('PUT', '/admin/word-filter', { ...options, body: input });
  }

  /** Judges a text of at most 4,000 characters as that of a message. */
  tryWordFilter(input: { text: string }, options?: CallOptions): Promise<WordJudgement> {
    return this.rest.call('POST', '/admin/word-filter/try', { ...options, body: input });
  }

  /** Creates an application key; its secret is only in this answer. */
  createKey(input: KeyInput, options?: CallOptions): Promise<NewApplicationKey> {
    return this.rest.call('POST', '/admin/keys', { ...options, body: input, safe: false });
  }

  /** Lists application keys, newest first. */
  async keys(query: Paging = {}, options?: CallOptions): Promise<Page<ApplicationKey>> {
    return pageOf('keys', await this.rest.call('GET', '/admin/keys', { ...options, query }));
  }

  /** Ends an application key: everywhere within a second. */
  endKey(keyId: string, options?: CallOptions): Promise<void> {
    return this.rest.call('DELETE', path`/admin/keys/${keyId}`, options);
  }

  /** Trusts an issuer. `CONFLICT` with the reason `limit`: there are 50 already. */
  createIssuer(input: IssuerInput, options?: CallOptions): Promise<Issuer> {
    return this.rest.call('POST', '/admin/issuers', { ...options, body: input, safe: false });
  }

  /** Lists issuers, newest first. */
  async issuers(query: Paging = {}, options?: CallOptions): Promise<Page<Issuer>> {
    return pageOf('issuers', await this.rest.call('GET', '/admin/issuers', { ...options, query }));
  }

  /** Trusts an issuer no more. Sessions that began with its tokens go on until their end. */
  deleteIssuer(issuerId: string, options?: CallOptions): Promise<void> {
    return this.rest.call('DELETE', path`/admin/issuers/${issuerId}`, options);
  }

  /** Creates an invite to register; its code is only in this answer. */
  createInvite(input: InviteInput = {}, options?: CallOptions): Promise<NewInvite> {
    return this.rest.call('POST', '/admin/invites', { ...options, body: input, safe: false });
  }

  /** Lists invites, newest first. */
  async invites(query: Paging = {}, options?: CallOptions): Promise<Page<Invite>> {
    return pageOf('invites', await this.rest.call('GET', '/admin/invites', { ...options, query }));
  }

  deleteInvite(inviteId: string, options?: CallOptions): Promise<void> {
    return this.rest.call('DELETE', path`/admin/invites/${inviteId}`, options);
  }

  /** Returns the health of service instances, database, Redis, queues and disk. */
  health(options?: CallOptions): Promise<SystemHealth> {
    return this.rest.call('GET', '/admin/system/health', options);
  }
}
