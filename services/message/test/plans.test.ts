import { expect } from 'chai';
import { PLANNING, SEND } from '../src/send-store.ts';
import { type Messages, openMessages } from './harness.ts';

// What PostgreSQL chooses while it knows nothing of the tables: a connection keeps that plan until they are analysed.
describe('the plan of the send statement', () => {
  let m: Messages;
  before(async () => {
    m = await openMessages();
  });
  after(() => m?.close());

  it('looks repeats up by their own index and scans nothing', async () => {
    const plan = await m.ctx.db.transaction(async (trx) => {
      for (const [, name, value] of PLANNING.matchAll(/-c (\w+)=(\w+)/g)) await trx.raw(`set local ${name} = ${value}`);
      const { rows } = await trx.raw(`explain (generic_plan) ${SEND.replaceAll('?', '\\?')}`);
      return rows.map((row: { 'QUERY PLAN': string }) => row['QUERY PLAN'].trim()) as string[];
    });
    const scans = plan.filter((line) =>
      /Scan (using|on) (?!input|known|fresh|wanted|taken|bases|placed|t\b|"|p\b)/.test(line),
    );
    expect(scans.map((line) => line.replace(/^-> +/, '').replace(/ +\(cost.*/, ''))).to.deep.equal([
      'Index Scan using messages_client on messages m',
      'Index Scan using rooms_pkey on rooms r',
      'Index Scan using messages_pkey on messages m_1',
    ]);
  });
});
