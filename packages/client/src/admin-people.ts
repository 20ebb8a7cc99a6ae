// Administration of users: write access for admins, read access for moderators.
import type { AdminUser, AdminUserDetails, AdminUserRoom, ListedFile, ResetLink, UserSession } from './admin-models.ts';
import type { Export, Role, User } from './models.ts';
import { type Page, pageOf, pages } from './pages.ts';
import { path } from './paths.ts';
import type { CallOptions, Paging, Rest } from './rest.ts';

export interface AdminUserQuery extends Paging {
  search?: string;
  status_filter?: User['status'];
  role_filter?: Role;
  /** Newest first (default), last active first, or by username. */
  sort?: 'created' | 'last_seen' | 'username';
}

export interface FileListQuery extends Paging {
  /** Newest first (default) or largest first. */
  sort?: 'created' | 'size';
}

export interface BanInput {
  /** At most 500 characters. */
  reason?: string | null;
  /** RFC 3339, in the future; default: permanent. */
  until?: string | null;
}

/** A part of `AdminApi`. */
export class AdminPeopleApi {
  protected readonly rest: Rest;

  constructor(rest: Rest) {
    this.rest = rest;
  }

  /** Lists users with `total`, newest first or as `sort` says. */
  async users(query: AdminUserQuery = {}, options?: CallOptions): Promise<Page<AdminUser>> {
    return pageOf('users', await this.rest.call('GET', '/admin/users', { ...options, query }));
  }

  iterateUsers(query: Omit<AdminUserQuery, keyof Paging> = {}): AsyncGenerator<AdminUser, void, undefined> {
    return pages((start) => this.users({ ...query, limit: 100, ...start }));
  }

  /** Returns a user with the ban and counts. */
  user(userId: string, options?: CallOptions): Promise<AdminUserDetails> {
    return this.rest.call('GET', path`/admin/users/${userId}`, options);
  }

  /** Lists the rooms of a user, latest activity first. */
  async userRooms(userId: string, query: Paging = {}, options?: CallOptions): Promise<Page<AdminUserRoom>> {
    return pageOf('rooms', await this.rest.call('GET', path`/admin/users/${userId}/rooms`, { ...options, query }));
  }

  /** Lists the live sessions of a user, newest first. For admins. */
  async userSessions(userId: string, query: Paging = {}, options?: CallOptions): Promise<Page<UserSession>> {
    return pageOf(
      'sessions',
      await this.rest.call('GET', path`/admin/users/${userId}/sessions`, { ...options, query }),
    );
  }

  /** Lists the files of a user, without links. For admins. */
  async userFiles(userId: string, query: FileListQuery = {}, options?: CallOptions): Promise<Page<ListedFile>> {
    return pageOf('files', await this.rest.call('GET', path`/admin/users/${userId}/files`, { ...options, query }));
  }

  /** Bans a user. Takes effect everywhere within 1 s. */
  ban(userId: string, input: BanInput = {}, options?: CallOptions): Promise<User> {
    return this.rest.call('POST', path`/admin/users/${userId}/ban`, { ...options, body: input });
  }

  /** Lifts a ban. Sessions that the ban ended stay ended. */
  unban(userId: string, options?: CallOptions): Promise<User> {
    return this.rest.call('POST', path`/admin/users/${userId}/unban`, options);
  }

  /** Changes a user's role. Takes effect within 1 s. */
  changeRole(userId: string, role: Role, options?: CallOptions): Promise<User> {
    return this.rest.call('PUT', path`/admin/users/${userId}/role`, { ...options, body: { role } });
  }

  /** Removes the lock after failed logins. */
  unlock(userId: string, options?: CallOptions): Promise<void> {
    return this.rest.call('POST', path`/admin/users/${userId}/unlock`, options);
  }

  /** Makes a link with which the user sets a new password. It works once, and without mail. */
  makePasswordResetLink(userId: string, options?: CallOptions): Promise<ResetLink> {
    return this.rest.call('POST', path`/admin/users/${userId}/password-reset`, { ...options, safe: false });
  }

  endSessions(userId: string, options?: CallOptions): Promise<void> {
    return this.rest.call('DELETE', path`/admin/users/${userId}/sessions`, options);
  }

  /** Erases the user and all their content, permanently. */
  deleteUser(userId: string, options?: CallOptions): Promise<void> {
    return this.rest.call('DELETE', path`/admin/users/${userId}`, options);
  }

  /** Requests an archive of everything that the user wrote and uploaded. */
  startExport(userId: string, options?: CallOptions): Promise<Export> {
    return this.rest.call('POST', path`/admin/users/${userId}/export`, options);
  }

  export(userId: string, options?: CallOptions): Promise<Export> {
    return this.rest.call('GET', path`/admin/users/${userId}/export`, options);
  }
}
