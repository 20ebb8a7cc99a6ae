// SQL of the benchmark `own-users`.
import type { Owner } from './fixture-store.ts';

/** Facts that not every service has handled, at most 1. */
export async function pendingFacts(owner: Owner): Promise<number> {
  const { rows } = await owner.query<{ pending: number }>(
    `select (exists (select from auth.outbox) or exists (select from users.outbox) or exists (select from auth.profile_changes))::int pending`,
  );
  return rows[0]?.pending ?? 0;
}

/** How many own users each service has. */
export async function ownUserRows(owner: Owner): Promise<string> {
  const { rows } = await owner.query<Record<string, number>>(
    `select (select count(*) from auth.accounts where external_id is not null) auth,
       (select count(*) from users.profiles where external_id is not null and custom is not null) "user",
       (select count(*) from messages.people p join auth.accounts a using (user_id) where a.external_id is not null) message,
       (select count(*) from messages.room_members m join auth.accounts a using (user_id)
          where m.room_id = 'general' and a.external_id is not null) general,
       (select count(*) from admin.accounts s join auth.accounts a using (user_id) where a.external_id is not null) admin,
       (select count(*) from audit.intents where action = 'user.create') audited`,
  );
  return Object.entries(rows[0] ?? {})
    .map(([service, count]) => `${service} ${Number(count).toLocaleString('en-US')}`)
    .join(', ');
}
