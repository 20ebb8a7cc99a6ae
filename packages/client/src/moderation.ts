// What an application key may do as a moderator. Scope `moderation:write`.
import { AdminApi, type ReportQuery } from './admin.ts';
import type { ListedReport, Report } from './admin-models.ts';
import { ChatsApi } from './chats.ts';
import type { Member, User } from './models.ts';
import type { Page } from './pages.ts';
import type { CallOptions, Rest } from './rest.ts';

export interface ShortBanInput {
  /** At most 500 characters. */
  reason?: string | null;
  /** RFC 3339, at most 24 hours from now. */
  until: string;
}

/** Every method rejects with `ChatApiError`, without the scope with `AUTHORIZATION_ERROR`. */
export class ModerationApi {
  readonly #admin: AdminApi;
  readonly #chats: ChatsApi;

  constructor(rest: Rest) {
    this.#admin = new AdminApi(rest);
    this.#chats = new ChatsApi(rest);
  }

  /** Lists reports, newest first. */
  reports(query: ReportQuery = {}, options?: CallOptions): Promise<Page<ListedReport>> {
    return this.#admin.reports(query, options);
  }

  /** Marks a report as resolved. */
  resolveReport(reportId: string, input: { note?: string | null } = {}, options?: CallOptions): Promise<Report> {
    return this.#admin.resolveReport(reportId, input, options);
  }

  /** Dismisses a report. */
  dismissReport(reportId: string, input: { note?: string | null } = {}, options?: CallOptions): Promise<Report> {
    return this.#admin.dismissReport(reportId, input, options);
  }

  /**
   * Bans a user for a while, everywhere within 1 s. `AUTHORIZATION_ERROR` with the reason
   * `ban_limit`: longer than 24 hours.
   */
  ban(userId: string, input: ShortBanInput, options?: CallOptions): Promise<User> {
    return this.#admin.ban(userId, input, options);
  }

  /** Mutes a member, who can still read. `until`: RFC 3339; default: until `unmute`. */
  mute(chatId: string, userId: string, input: { until?: string | null } = {}, options?: CallOptions): Promise<Member> {
    return this.#chats.mute(chatId, userId, input, options);
  }

  unmute(chatId: string, userId: string, options?: CallOptions): Promise<void> {
    return this.#chats.unmute(chatId, userId, options);
  }

  deleteMessage(messageId: string, options?: CallOptions): Promise<void> {
    return this.#admin.deleteMessage(messageId, options);
  }
}
