// Lists of accounts for staff, with as many accounts as an installation may have.
import type { Knex } from '@chatapi/kit/data';
import { expect } from 'chai';
import { ACCOUNT_SORTS, type AccountKey, type AccountSort, listAccounts } from '../src/account-list-store.ts';
import { type Auth, openAuth } from './harness.ts';

const PEOPLE = 100_000;
/** So that a slow machine finishes each insert within the limit of statements. */
const CHUNK = 10_000;
const INDEX: Record<AccountSort, string> = {
  created: 'accounts_pkey',
  last_seen: 'accounts_last_seen',
  username: 'accounts_username_taken',
};

const insertPeople = async (db: Knex): Promise<void> => {
  for (let first = 1; first <= PEOPLE; first += CHUNK)
    await db.raw(
      `insert into accounts (user_id, username, username_key, email, email_key, password_hash, display_name, seen_at, created_at, updated_at)
     select 'usr_' || lpad(n::text, 8, '0'), 'p' || n, 'p' || n, 'p' || n || '@example.com', 'p' || n || '@example.com', 'x', 'p',
       case when n % 3 > 0 then now() - n * interval '1 second' end, now() - n * interval '1 second', now()
     from generate_series(?::int, ?::int) n`,
      [first, first + CHUNK - 1],
    );
  await db.raw('analyze accounts');
};

const page = (db: Knex, sort: AccountSort, cursor?: AccountKey, search = '') =>
  listAccounts(db, { sort, cursor, search, email_search: search, exact: search, by_email: true, limit: 50, skip: 0 });

describe('lists of accounts', () => {
  let auth: Auth;
  before(async function () {
    this.timeout(60_000);
    auth = await openAuth();
    await insertPeople(auth.ctx.db);
  });
  after(() => auth?.close());

  for (const sort of ACCOUNT_SORTS)
    it(`by ${sort}: a page deep in the list is read by its index`, async () => {
      const { db } = auth.ctx;
      const { accounts } = await page(db, sort);
      const middle = (await page(db, sort, accounts.at(-1)?.key)).accounts.at(-1)?.key;
      const asked: { sql: string; bindings: unknown[] }[] = [];
      const note = (query: { sql: string; bindings: unknown[] }): void => void asked.push(query);
      db.on('query', note);
      const began = performance.now();
      const next = await page(db, sort, middle);
      const ms = performance.now() - began;
      db.removeListener('query', note);
      expect([next.accounts.length, next.total]).to.deep.equal([50, PEOPLE]);
      const listing = asked.find(({ sql }) => sql.includes('order by'));
      const { rows } = await db.raw(`explain ${listing?.sql.replace(/\$\d+/g, '?')}`, listing?.bindings as string[]);
      const plan = rows.map((row: Record<string, string>) => row['QUERY PLAN']).join('\n');
      expect(plan)
        .to.include(INDEX[sort])
        .and.not.match(/Seq Scan|Sort/);
      process.stdout.write(`      ${sort}: ${ms.toFixed(0)} ms with the total of ${PEOPLE}\n`);
    });

  it('a search looks at all of them and says how many there are', async () => {
    const began = performance.now();
    const found = await page(auth.ctx.db, 'created', undefined, 'p9999');
    process.stdout.write(`      search: ${(performance.now() - began).toFixed(0)} ms\n`);
    expect(found.total).to.equal(11);
  });
});
