import { expect } from 'chai';
import { PROBES } from '../src/planning.ts';
import { SEND, SEND_REPLIES } from '../src/send-store.ts';
import { type Messages, openMessages } from './harness.ts';

/** How each table is read: by which index and what it is asked, or by which other scan. */
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

// A connection keeps the plan that was made when it came until the tables are analysed again.
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

  it('looks up row by row while nothing is known of the tables', expectProbes);

  it('and after they were analysed when almost nothing was there', async () => {
    for (let i = 0; i < 5; i++) await m.send('usr_a', { chat_id: `room${i}`, content: 'no client_id' }).expect(201);
    await m.ctx.db.raw('analyze');
    await expectProbes();
  });
});
