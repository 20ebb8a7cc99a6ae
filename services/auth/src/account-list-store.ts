// SQL of the lists of accounts for staff.
import type { Paging } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';
import { type AccountRow, COLUMNS, type RawAccount, STATUS, toAccount } from './account-store.ts';

export const ACCOUNT_SORTS = ['created', 'last_seen', 'username'] as const;
export type AccountSort = (typeof ACCOUNT_SORTS)[number];

/** The id alone in order of creation; else the sort, its value and the id. */
export type AccountKey = readonly [string] | readonly [AccountSort, string | number, string];

export interface AccountFilter extends Paging<AccountKey> {
  search: string;
  /** Whether `search` matches emails and external ids: for callers who may see them. */
  by_email: boolean;
  status?: string;
  role?: string;
  sort: AccountSort;
}

interface ListedAccount extends AccountRow {
  key: AccountKey;
}

const SEEN = 'coalesce(seen_at, created_at)';

interface Order {
  by: string;
  /** Behind a place: `:value` and `:id`. */
  after: string;
  keyOf(row: RawAccount & { seen_us: number; username_key: string }): AccountKey;
}

/** Each has an index. */
const ORDERS: Record<AccountSort, Order> = {
  created: { by: 'user_id desc', after: 'user_id < :id', keyOf: ({ user_id }) => [user_id] },
  last_seen: {
    by: `${SEEN} desc, user_id desc`,
    after: `(${SEEN}, user_id) < (timestamptz 'epoch' + cast(:value as bigint) * interval '1 microsecond', :id)`,
    keyOf: ({ seen_us, user_id }) => ['last_seen', seen_us, user_id],
  },
  username: {
    by: 'username_key',
    after: 'username_key > :value',
    keyOf: ({ username_key, user_id }) => ['username', username_key, user_id],
  },
};

interface Sought extends AccountFilter {
  email_search: string;
  exact: string;
}

/** `search` is compared literally: `%` and `_` are no wildcards. */
export async function listAccounts(
  db: Knex,
  { sort, cursor, limit, skip, status = '', role = '', ...sought }: Sought,
): Promise<{ accounts: ListedAccount[]; total: number }> {
  const { by, after, keyOf } = ORDERS[sort];
  const condition = `(:search = '' or position(:search in username_key) > 0 or (:by_email and (position(:email_search in email_key) > 0 or external_id = :exact)))
    and (:status = '' or ${STATUS} = :status) and (:role = '' or role = :role)`;
  const values = { ...sought, status, role };
  const [value, id] = cursor?.length === 3 ? cursor.slice(1) : [null, cursor?.[0] ?? null];
  const [found, counted] = await Promise.all([
    db.raw<{ rows: (RawAccount & { seen_us: number; username_key: string })[] }>(
      `select ${COLUMNS}, username_key, (extract(epoch from ${SEEN}) * 1000000)::bigint as seen_us
       from accounts where ${condition} ${cursor === undefined ? '' : `and ${after}`}
       order by ${by} limit :limit offset :skip`,
      { ...values, limit, skip, value: value ?? null, id: id ?? null },
    ),
    db.raw<{ rows: [{ total: number }] }>(`select count(*) as total from accounts where ${condition}`, values),
  ]);
  return {
    accounts: found.rows.map((row) => ({ ...toAccount(row), key: keyOf(row) })),
    total: counted.rows[0].total,
  };
}
