import type { Knex } from '@chatapi/kit/data';
import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import fc from 'fast-check';
import { addPartition, listPartitions } from '../src/log/partition-store.ts';
import { dropOldPartitions, makePartitions, missingRanges, partitionWidth } from '../src/log/partitions.ts';
import { openMessages } from './harness.ts';

const SECOND = 1 / 86_400;
const DAY_MS = 86_400_000;

async function addOldPartition(db: Knex): Promise<string> {
  const [from, to] = [Date.now() - 30 * DAY_MS, Date.now() - 29 * DAY_MS];
  await addPartition(db, from, to);
  return `room_events_${from}_${to}`;
}

describe('partitions of the room log', () => {
  it('added ranges follow the existing ones without gap or overlap and cover now and the time ahead', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: -3000, max: 3000 }),
        (oldWidth, width, shift) => {
          const now = 1_000_000;
          const to = now + shift;
          const there = [{ from: to - oldWidth, to }];
          const added = missingRanges(there, now, width);
          for (const [i, range] of added.entries())
            expect(range.from).to.equal(added[i - 1]?.to ?? Math.max(to, Math.floor(now / width) * width - width));
          expect(Math.max(to, added.at(-1)?.to ?? 0)).to.be.at.least(now + 3 * width);
        },
      ),
    );
    expect(partitionWidth(30)).to.equal(7 * 86_400_000);
    expect(partitionWidth(SECOND)).to.equal(1000);
  });

  it('concurrent instances create each partition once and drop none that is needed', async () => {
    const m = await openMessages();
    await m.send('usr_a', { chat_id: 'kept', content: 'x' }).expect(201);
    await Promise.all([makePartitions(m.ctx), makePartitions(m.ctx), dropOldPartitions(m.ctx)]);
    const ranges = await listPartitions(m.ctx.db);
    for (const [i, range] of ranges.entries()) if (i > 0) expect(range.from).to.equal(ranges[i - 1]?.to);
    expect(await m.log('kept')).to.have.length(2);
    await m.close();
  });

  it('with a short retention old events are dropped and first_seq rises; history and sends are unaffected', async () => {
    const m = await openMessages({ LOG_RETENTION_DAYS: SECOND });
    await m.send('usr_a', { chat_id: 'short', content: 'x' }).expect(201);
    const state = async () =>
      (await m.inside('post', '/internal/events', { rooms: [{ id: 'short', after: 0, limit: 10 }] })).body.rooms[0];
    expect((await state()).first_seq).to.equal(1);
    await eventually(async () => (await state()).first_seq === 3, 8000);
    await m.send('usr_a', { chat_id: 'short', content: 'y' }).expect(201);
    expect(await state()).to.include({ first_seq: 3, last_seq: 3, readable: true });
    expect((await m.ask('usr_a', 'get', '/messages/?chat_id=short')).body.messages).to.have.length(2);
    await m.close();
  }).timeout(15_000);

  it('a reader that holds the log delays the drop of a partition, and no send', async () => {
    const m = await openMessages({ LOG_RETENTION_DAYS: 4 });
    await m.send('usr_a', { chat_id: 'held', content: 'x' }).expect(201);
    const old = await addOldPartition(m.ctx.db);
    const reader = await m.ctx.db.transaction();
    await reader.raw('select count(*) from room_events');
    const drop = dropOldPartitions(m.ctx).catch(({ code }) => code);
    for (let i = 0; i < 20; i++) await m.send('usr_a', { chat_id: 'held', content: `${i}` }).expect(201);
    expect(await drop).to.be.oneOf(['57014', '55P03']);
    for (let i = 0; i < 5; i++) await m.send('usr_a', { chat_id: 'held', content: `${i}` }).expect(201);
    await reader.rollback();
    await dropOldPartitions(m.ctx);
    const { rows } = await m.ctx.db.raw('select 1 from pg_class where relname = ?', [old]);
    expect(rows).to.have.length(0);
    expect((await m.ask('usr_a', 'get', '/messages/?chat_id=held&limit=100')).body.messages).to.have.length(26);
    await m.close();
  }).timeout(20_000);

  it('a send without a partition for it creates the partition', async () => {
    const m = await openMessages();
    await m.send('usr_a', { chat_id: 'late', content: 'x' }).expect(201);
    for (const { name } of await listPartitions(m.ctx.db)) await m.ctx.db.raw(`drop table ${name}`);
    await m.send('usr_a', { chat_id: 'late', content: 'y' }).expect(201);
    expect(await m.log('late')).to.have.length(1);
    await m.close();
  });
});
