import { expect } from 'chai';
import fc from 'fast-check';
import { listPartitions } from '../src/partition-store.ts';
import { dropOldPartitions, makePartitions, missingRanges, partitionWidth } from '../src/upkeep.ts';
import { openMessages, until } from './harness.ts';

const SECOND = 1 / 86_400;

describe('the log’s upkeep', () => {
  it('whatever ranges are there, those added follow without gap or overlap and cover now and what comes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: -3000, max: 3000 }),
        (oldWidth, width, shift) => {
          const now = 1_000_000;
          const to = now + shift;
          const there = [{ name: 'old', from: to - oldWidth, to }];
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

  it('several instances at once make each partition once; none that is needed is dropped', async () => {
    const m = await openMessages();
    await m.send('usr_a', { chat_id: 'kept', content: 'x' }).expect(201);
    await Promise.all([makePartitions(m.ctx), makePartitions(m.ctx), dropOldPartitions(m.ctx)]);
    const ranges = await listPartitions(m.ctx.db);
    for (const [i, range] of ranges.entries()) if (i > 0) expect(range.from).to.equal(ranges[i - 1]?.to);
    expect(await m.log('kept')).to.have.length(2);
    await m.close();
  });

  it('with a short retention old events go, the log says from where it still reaches, history stays, and sending goes on', async () => {
    const m = await openMessages({ LOG_RETENTION_DAYS: SECOND });
    await m.send('usr_a', { chat_id: 'short', content: 'x' }).expect(201);
    const state = async () =>
      (await m.inside('post', '/internal/events', { rooms: [{ id: 'short', after: 0, limit: 10 }] })).body.rooms[0];
    expect((await state()).first_seq).to.equal(1);
    await until(async () => (await state()).first_seq === 3, 8000);
    await m.send('usr_a', { chat_id: 'short', content: 'y' }).expect(201);
    expect(await state()).to.include({ first_seq: 3, last_seq: 3, readable: true });
    expect((await m.ask('usr_a', 'get', '/messages/?chat_id=short')).body.messages).to.have.length(2);
    await m.close();
  }).timeout(15_000);

  it('a partition that is missing when it is needed is made then', async () => {
    const m = await openMessages();
    await m.send('usr_a', { chat_id: 'late', content: 'x' }).expect(201);
    for (const { name } of await listPartitions(m.ctx.db)) await m.ctx.db.raw(`drop table ${name}`);
    await m.send('usr_a', { chat_id: 'late', content: 'y' }).expect(201);
    expect(await m.log('late')).to.have.length(1);
    await m.close();
  });
});
