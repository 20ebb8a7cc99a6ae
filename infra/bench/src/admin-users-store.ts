// SQL of the benchmark `admin-users`.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Owner, settle } from './fixture-store.ts';

const NAMES = `array['ada', 'ben', 'chen', 'dora', 'emil', 'fatma', 'goran', 'hana', 'ines', 'jonas', 'kofi', 'lena', 'mateo',
  'nora', 'omar', 'petra', 'quinn', 'ruth', 'sven', 'yuki']`;

/** As registrations over two years would have left them, in the three services that list them. */
const ACCOUNTS = `
with made as (
  select 'usr_' || replace(uuidv7((i - $1::int) * interval '10 minutes')::text, '-', '') user_id, i,
    (${NAMES})[i % 20 + 1] || '-' || (${NAMES})[(i / 20) % 20 + 1] || '-' || i username,
    now() + (i - $1::int) * interval '10 minutes' created_at
  from generate_series(1, $1::int) i
), known as (
  insert into auth.accounts (user_id, username, username_key, email, email_key, password_hash, display_name, status, seen_at, created_at, updated_at)
  select user_id, username, username, username || '@example.com', username || '@example.com', 'none', initcap(username),
    case when i % 100 = 0 then 'banned' else 'active' end,
    case when i % 4 > 0 then created_at + random() * (now() - created_at) end, created_at, created_at
  from made
), shown as (
  insert into users.profiles (user_id, username, email, role, status, created_at, account_updated_at, display_name, bio)
  select user_id, username, username || '@example.com', 'user', 'active', created_at, created_at, initcap(username), 'about ' || username
  from made
)
insert into admin.accounts (user_id, status, created_at, updated_at)
select user_id, case when i % 100 = 0 then 'banned' else 'active' end, created_at, created_at from made`;

const POLL_MS = 200;

/** Until the user service has folded the names too, so that nothing else is going on. */
export async function addAccounts(owner: Owner, count: number): Promise<void> {
  await owner.query(ACCOUNTS, [count]);
  const isWorking = async (): Promise<boolean> =>
    ((await owner.query('select from users.profiles where fold_version is null limit 1')).rowCount ?? 0) > 0;
  while (await isWorking()) await sleep(POLL_MS);
  await settle(owner);
}

const SEEN = 'coalesce(seen_at, created_at)';

/** The values of cursors, in each order. */
const PLACES = {
  created: { columns: 'user_id', by: 'user_id desc' },
  last_seen: {
    columns: `'last_seen', (extract(epoch from ${SEEN}) * 1000000)::bigint::float8, user_id`,
    by: `${SEEN} desc, user_id desc`,
  },
  username: { columns: `'username', username_key, user_id`, by: 'username_key' },
} as const;

export type Sort = keyof typeof PLACES;

/** Of the account behind `depth` others, among those whose username has `search`. */
export async function placeOf(
  owner: Owner,
  sort: Sort,
  depth: number,
  search: string,
): Promise<[string] | [string, string | number, string]> {
  const { columns, by } = PLACES[sort];
  const { rows } = await owner.query<{ place: [string] }>(
    `select json_build_array(${columns}) place from auth.accounts
     where position($2 in username_key) > 0 order by ${by} offset $1 limit 1`,
    [depth, search],
  );
  if (rows[0] === undefined) throw new Error(`fewer than ${depth} accounts match "${search}"`);
  return rows[0].place;
}
