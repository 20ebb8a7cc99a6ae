// What an installation holds: messages, files and exports, as admins see them.
import type { ContextMessage, ListedExport, ListedFile, MessageDelivery } from './admin-models.ts';
import { AdminPeopleApi, type FileListQuery } from './admin-people.ts';
import { type Page, pageOf } from './pages.ts';
import { path } from './paths.ts';
import type { CallOptions, Paging } from './rest.ts';

export interface MessageSearchQuery extends Paging {
  /** Words, `"a phrase"`, `-unwanted`. */
  q: string;
  /** Why; it is in the audit log. At most 500 characters. */
  reason: string;
  chat_id?: string;
  sender_id?: string;
  /** RFC 3339: the first time that counts. */
  from?: string;
  /** RFC 3339: the first time that counts no more. */
  to?: string;
}

/** A part of `AdminApi`. */
export class AdminRecordsApi extends AdminPeopleApi {
  /** Explains whether a message reached a user. Each question is in the audit log. For admins. */
  delivery(messageId: string, query: { user_id: string }, options?: CallOptions): Promise<MessageDelivery> {
    return this.rest.call('GET', path`/admin/messages/${messageId}/delivery`, { ...options, query });
  }

  /**
   * Searches the messages of all rooms. `AUTHORIZATION_ERROR` with the reason `search_off` unless the
   * installation allows it. Each use is in the audit log.
   */
  async searchMessages(query: MessageSearchQuery, options?: CallOptions): Promise<Page<ContextMessage>> {
    return pageOf('messages', await this.rest.call('GET', '/admin/messages/search', { ...options, query }));
  }

  /** Lists all files, without links. */
  async files(query: FileListQuery = {}, options?: CallOptions): Promise<Page<ListedFile>> {
    return pageOf('files', await this.rest.call('GET', '/admin/files', { ...options, query }));
  }

  /** Lists exports of accounts, newest first, without links. */
  async exports(query: Paging = {}, options?: CallOptions): Promise<Page<ListedExport>> {
    return pageOf('exports', await this.rest.call('GET', '/admin/exports', { ...options, query }));
  }
}
