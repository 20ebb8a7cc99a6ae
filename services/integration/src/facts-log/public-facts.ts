// Which facts webhooks may hear, and what of them: never an email address.
import type { Facts } from '@chatapi/bus';
import type { Knex } from '@chatapi/kit/data';
import { noteBans, type PublicFact } from './facts-log-store.ts';

export const FACT_TYPES = ['account.created', 'account.banned', 'file.created', 'report.created'] as const;

export const accountsCreated = (accounts: Facts['account.created'][]): PublicFact[] =>
  accounts.map(({ user_id, username, display_name, role, kind = 'user', external_id = null, created_at }) => ({
    type: 'account.created',
    user_id,
    data: { user_id, username, display_name, role, kind, external_id, created_at },
  }));

export async function accountsBanned(trx: Knex, accounts: Facts['account.updated'][]): Promise<PublicFact[]> {
  const banned = await noteBans(
    trx,
    accounts.map(({ user_id, status, updated_at }) => ({ user_id, banned: status === 'banned', updated_at })),
  );
  const newest = new Map(
    accounts.filter(({ status }) => status === 'banned').map((account) => [account.user_id, account]),
  );
  return [...newest.values()]
    .filter(({ user_id }) => banned.has(user_id))
    .map(({ user_id, username, updated_at }) => ({
      type: 'account.banned',
      user_id,
      data: { user_id, username, banned_at: updated_at },
    }));
}

export const filesCreated = (files: Facts['file.created'][]): PublicFact[] =>
  files.map(({ file_id, user_id, bytes, created_at }) => ({
    type: 'file.created',
    user_id,
    data: { file_id, user_id, bytes, created_at },
  }));

export const reportsCreated = (reports: Facts['report.created'][]): PublicFact[] =>
  reports.map(({ report_id, reporter_id, target_type, target_id, created_at }) => ({
    type: 'report.created',
    user_id: reporter_id,
    data: { report_id, reporter_id, target_type, target_id, created_at },
  }));
