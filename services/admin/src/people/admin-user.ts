// A user as staff see one: with the ban, the last activity and the open reports about them.
import type { Role } from '@chatapi/kit/auth';
import { type BanRecord, lastBans } from '../audit-store.ts';
import type { Context } from '../context.ts';
import { openReportsAbout } from '../report-store.ts';
import { type AuthAccount, type User, viewUsers } from '../user-view.ts';

export interface Ban {
  reason: string | null;
  /** null: until it is lifted. */
  until: string | null;
  /** null: it is not in the audit log. */
  by: string | null;
  at: string | null;
}

export interface AdminUser extends User {
  last_seen_at: string | null;
  ban: Ban | null;
  open_reports: number;
}

const banOf = (account: AuthAccount, record: BanRecord | undefined): Ban | null =>
  account.status !== 'banned'
    ? null
    : {
        reason: account.ban_reason ?? null,
        until: account.banned_until ?? null,
        by: record?.by ?? null,
        at: record?.at.toISOString() ?? null,
      };

export async function viewAdminUsers(
  ctx: Pick<Context, 'db' | 'user' | 'log'>,
  accounts: AuthAccount[],
  viewer: Role,
  request_id: string,
): Promise<AdminUser[]> {
  const ids = accounts.map(({ user_id }) => user_id);
  const banned = accounts.filter(({ status }) => status === 'banned').map(({ user_id }) => user_id);
  const [users, reports, bans] = await Promise.all([
    viewUsers(ctx, accounts, viewer, request_id),
    openReportsAbout(ctx.db, ids),
    banned.length === 0 ? [] : lastBans(ctx.db, banned),
  ]);
  const records = new Map(bans.map((record) => [record.user_id, record]));
  return accounts.map((account, i) => ({
    ...(users[i] as User),
    last_seen_at: account.last_seen_at ?? null,
    ban: banOf(account, records.get(account.user_id)),
    open_reports: reports.get(account.user_id) ?? 0,
  }));
}
