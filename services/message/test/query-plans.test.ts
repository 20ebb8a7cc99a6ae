import { expect } from 'chai';
import { PROBES } from '../src/planner-options.ts';
import { SEARCH, SEARCH_WITHOUT_WORDS } from '../src/search/search-store.ts';
import { LACKING } from '../src/search-index/backfill-store.ts';
import { SEND, SEND_REPLIES, STANDING } from '../src/sending/insert-store.ts';
import { type Messages, openMessages } from './harness.ts';

/** Per table, the index and its condition, or the other kind of scan. */
async function readingsOf({ ctx }: Messages, statement: string): Promise<string[]> {
  const plan = await ctx.db.transaction(async (trx) => {
    for (const [, name, value] of PROBES.matchAll(/-c (\w+)=(\w+)/g)) await trx.raw(`set local ${name} = ${value}`);
    const { rows } = await trx.raw(`explain (generic_plan) ${statement.replaceAll('?', '\\?')}`);
    return rows.map((row: { 'QUERY PLAN': string }) => row['QUERY PLAN'].trim()) as string[];
  });
  return plan.flatMap((line, i) => {
    const [, scan, on] = /^-> +(.*Scan).* on (\w+)/.exec(line) ?? [];
    if (scan === undefined || scan === 'Bitmap Heap Scan' || /^(?:CTE|Function|Subquery) Scan$/.test(scan)) return [];
    return [`${on}: ${/^Index Cond: (.*)/.exec(plan[i + 1] ?? '')?.[1]?.replaceAll(/[()]|::text/g, '') ?? scan}`];
  });
}

/** Statistics of 10^6 messages: the planner counts rows by these and the size of the file. */
async function countAsMillion({ ctx }: Messages): Promise<void> {
  await ctx.db.raw(
    `select pg_restore_relation_stats('schemaname', current_schema::text, 'relname', relname::text, 'relpages', relpages,
       'reltuples', 1000000::real) from pg_class where relnamespace = current_schema::regnamespace
       and (relname = 'messages' or oid in (select indexrelid from pg_index where indrelid = 'messages'::regclass))`,
  );
  const { rows } = await ctx.db.raw('explain select from messages');
  expect(Number(/rows=(\d+)/.exec(rows[0]['QUERY PLAN'])?.[1])).to.be.within(900_000, 1_100_000);
}

// A connection keeps a plan until the next ANALYZE of the tables.
describe('the plan of the send statement', () => {
  let m: Messages;
  before(async () => {
    m = await openMessages();
  });
  after(() => m?.close());

  const expectProbes = async (): Promise<void> => {
    const sending = [
      "messages_client: room_id || ' ' || sender_id || ' ' || client_id = i.key",
      'rooms_pkey: id = w.room_id',
    ];
    expect(await readingsOf(m, SEND)).to.deep.equal(sending);
    expect(await readingsOf(m, SEND_REPLIES)).to.deep.equal([
      ...sending,
      'messages_pkey: room_id = p.room_id AND seq = p.parent_seq',
    ]);
  };

  it('uses the indexes without statistics', expectProbes);

  it('is preceded by a look-up of senders that uses indexes too', async () => {
    const readings = await readingsOf(m, STANDING);
    expect(readings.filter((reading) => !reading.includes(' = '))).to.deep.equal([]);
    expect(readings.join()).to.include('room_members_owners: room_id = r.id');
  });

  it('uses the indexes with statistics of almost empty tables', async () => {
    for (let i = 0; i < 5; i++) await m.send('usr_a', { chat_id: `room${i}`, content: 'no client_id' }).expect(201);
    await m.ctx.db.raw('analyze');
    await expectProbes();
  });

  it('uses the indexes with statistics of 10^6 messages', async () => {
    await countAsMillion(m);
    await expectProbes();
  });
});

describe('the plan of a search', () => {
  let m: Messages;
  before(async () => {
    m = await openMessages();
  });
  after(() => m?.close());

  const indexesOf = async (statement: string, ...more: string[]): Promise<string[]> => {
    const values = ['usr_a', "('walrus':*)", null, 51, 0, null, null, null, ...more];
    const { rows } = await m.ctx.searches.query(`explain ${statement}`, values);
    return rows.flatMap((row) => /Bitmap Index Scan on (messages_\w+)/.exec(row['QUERY PLAN'])?.[1] ?? []);
  };
  const expectIndexes = async (): Promise<void> => {
    expect(await indexesOf(SEARCH)).to.deep.equal(['messages_words']);
    expect(await indexesOf(SEARCH_WITHOUT_WORDS, 'walrus')).to.have.members(['messages_words', 'messages_search']);
  };

  it('uses the indexes of words without statistics', expectIndexes);

  it('uses the indexes of words with 20,000 messages, and with statistics of 10^6', async () => {
    await m.send('usr_a', { chat_id: 'big', content: 'walrus' }).expect(201);
    await m.ctx.db.raw(
      `insert into messages (room_id, seq, id, sender_id, content, message_type, attachments, mentions, search, search_version, created_at, updated_at)
       select case when i % 2 = 0 then 'big' else 'room' || i % 100 end, 1000 + i, 'msg_plan' || i, 'usr_a', 'word' || i % 1000, 'text', '[]', '{}',
         ('word' || i % 1000 || ':1')::tsvector, 1, now(), now() from generate_series(1, 20000) i`,
    );
    await m.ctx.db.raw('analyze');
    await expectIndexes();
    await countAsMillion(m);
    await expectIndexes();
    const lacking = await m.ctx.searches.query(`explain ${LACKING}`);
    expect(JSON.stringify(lacking.rows)).to.include('messages_without_words');
  });
});
