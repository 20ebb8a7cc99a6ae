// Administration: admins act, moderators read.
import type {
  AuditEntry,
  ListedReport,
  Report,
  ReportTarget,
  Stats,
  SystemHealth,
  WordFilter,
} from './admin-models.ts';
import type { Announcement, Export, Role, User } from './models.ts';
import { type Page, pageOf, pages } from './pages.ts';
import { type CallOptions, type Paging, path, type Rest } from './rest.ts';

export interface AdminUserQuery extends Paging {
  search?: string;
  status_filter?: User['status'];
  role_filter?: Role;
}

export interface AuditQuery extends Paging {
  actor_id?: string;
  target_id?: string;
  action?: string;
}

export interface ReportQuery extends Paging {
  status?: Report['status'];
  target_type?: ReportTarget;
  target_id?: string;
}

export interface BanInput {
  /** At most 500 characters. */
  reason?: string | null;
  /** RFC 3339, in the future; unset: for good. */
  until?: string | null;
}

/** Every method rejects with `ChatApiError`; without the role it is `AUTHORIZATION_ERROR`. */
export class AdminApi {
  readonly #rest: Rest;

  constructor(rest: Rest) {
    this.#rest = rest;
  }

  /** Counts of users, rooms, messages, files and connections; right within 2 s. */
  stats(options?: CallOptions): Promise<Stats> {
    return this.#rest.call('GET', '/admin/dashboard/stats', options);
  }

  /** Counts everything anew. */
  rebuildStats(options?: CallOptions): Promise<Stats> {
    return this.#rest.call('POST', '/admin/dashboard/stats/rebuild', options);
  }

  /** Newest first, with `total`. */
  async users(query: AdminUserQuery = {}, options?: CallOptions): Promise<Page<User>> {
    return pageOf('users', await this.#rest.call('GET', '/admin/users', { ...options, query }));
  }

  iterateUsers(query: Omit<AdminUserQuery, keyof Paging> = {}): AsyncGenerator<User, void, undefined> {
    return pages((skip) => this.users({ ...query, limit: 100, skip }));
  }

  /** Everywhere within 1 s. */
  ban(userId: string, input: BanInput = {}, options?: CallOptions): Promise<User> {
    return this.#rest.call('POST', path`/admin/users/${userId}/ban`, { ...options, body: input });
  }

  /** Sessions that the ban ended stay ended. */
  unban(userId: string, options?: CallOptions): Promise<User> {
    return this.#rest.call('POST', path`/admin/users/${userId}/unban`, options);
  }

  /** Holds within 1 s. */
  changeRole(userId: string, role: Role, options?: CallOptions): Promise<User> {
    return this.#rest.call('PUT', path`/admin/users/${userId}/role`, { ...options, body: { role } });
  }

  /** Forgives failed logins. */
  unlock(userId: string, options?: CallOptions): Promise<void> {
    return this.#rest.call('POST', path`/admin/users/${userId}/unlock`, options);
  }

  endSessions(userId: string, options?: CallOptions): Promise<void> {
    return this.#rest.call('DELETE', path`/admin/users/${userId}/sessions`, options);
  }

  /** Erases the user and all that they wrote, for ever. */
  deleteUser(userId: string, options?: CallOptions): Promise<void> {
    return this.#rest.call('DELETE', path`/admin/users/${userId}`, options);
  }

  /** Has an archive made of all that the user wrote and uploaded. */
  startExport(userId: string, options?: CallOptions): Promise<Export> {
    return this.#rest.call('POST', path`/admin/users/${userId}/export`, options);
  }

  export(userId: string, options?: CallOptions): Promise<Export> {
    return this.#rest.call('GET', path`/admin/users/${userId}/export`, options);
  }

  deleteMessage(messageId: string, options?: CallOptions): Promise<void> {
    return this.#rest.call('DELETE', path`/admin/messages/${messageId}`, options);
  }

  /** Who did what to whom, when, from where; newest first. */
  async auditLog(query: AuditQuery = {}, options?: CallOptions): Promise<Page<AuditEntry>> {
    return pageOf('entries', await this.#rest.call('GET', '/admin/audit-log', { ...options, query }));
  }

  async reports(query: ReportQuery = {}, options?: CallOptions): Promise<Page<ListedReport>> {
    return pageOf('reports', await this.#rest.call('GET', '/admin/reports', { ...options, query }));
  }

  /** The report was right and has been acted on. */
  resolveReport(reportId: string, input: { note?: string | null } = {}, options?: CallOptions): Promise<Report> {
    return this.#rest.call('POST', path`/admin/reports/${reportId}/resolve`, { ...options, body: input });
  }

  /** Nothing is to be done about it. */
  dismissReport(reportId: string, input: { note?: string | null } = {}, options?: CallOptions): Promise<Report> {
    return this.#rest.call('POST', path`/admin/reports/${reportId}/dismiss`, { ...options, body: input });
  }

  /** Tells everybody who is connected; the others find it in `announcements`. */
  announce(input: { text: string }, options?: CallOptions): Promise<Announcement> {
    return this.#rest.call('POST', '/admin/announcements', { ...options, body: input, safe: false });
  }

  async announcements(query: Paging = {}, options?: CallOptions): Promise<Page<Announcement>> {
    return pageOf('announcements', await this.#rest.call('GET', '/admin/announcements', { ...options, query }));
  }

  /** Words that are blocked or masked in messages. */
  wordFilter(options?: CallOptions): Promise<WordFilter> {
    return this.#rest.call('GET', '/admin/word-filter', options);
  }

  /** Replaces them, everywhere within 2 s. */
  setWordFilter(input: Pick<WordFilter, 'words'>, options?: CallOptions): Promise<WordFilter> {
    return this.#rest.call('PUT', '/admin/word-filter', { ...options, body: input });
  }

  /** Every service instance, database, Redis, queues and disk. */
  health(options?: CallOptions): Promise<SystemHealth> {
    return this.#rest.call('GET', '/admin/system/health', options);
  }
}
