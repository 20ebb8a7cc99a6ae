import { silentSink } from '@chatapi/kit/testing';
import { expect } from 'chai';
import request from 'supertest';
import { createHandlers } from '../src/facts.ts';
import { deleteOldMinutes, type RequestCounts, saveGauges, saveRequests } from '../src/series/series-store.ts';
import { as, type Running, start } from './harness.ts';

const MINUTE = 60_000;
const thisMinute = Math.floor(Date.now() / MINUTE) * MINUTE;
const at = (minutesAgo: number): string => new Date(thisMinute - minutesAgo * MINUTE).toISOString();

describe('series', () => {
  let s: Running;
  before(async () => {
    s = await start();
  });
  beforeEach(async () => {
    for (const table of ['series_minutes', 'request_minutes']) await s.ctx.db(table).delete();
  });
  after(() => s?.stop());

  const series = async (query: string) =>
    (await request(s.app).get(`/admin/dashboard/series?${query}`).set(as('moderator')).expect(200)).body;
  const span = `from=${at(9)}&to=${at(-1)}`;
  const values = async (metric: string, more = '&step=60'): Promise<(number | null)[]> =>
    (await series(`metric=${metric}&${span}${more}`)).points.map(({ value }: { value: number | null }) => value);

  it('count messages in the minute of their creation, without deleted ones', async () => {
    const handlers = createHandlers(silentSink());
    await s.ctx.db.transaction(async (trx) => {
      const created = [3, 4].map((count) => ({ count, created_at: at(2) }));
      await handlers['messages.created']?.([...created, { count: 5, created_at: at(0) }], trx);
      const gone = { id: 'msg_1', room_id: 'r', created_at: at(2), deleted_at: at(0) };
      await handlers['messages.deleted']?.([{ messages: [gone] }], trx);
      await handlers['messages.created']?.([{ count: 9, created_at: at(31 * 24 * 60) }], trx);
    });
    expect(await values('messages')).to.deep.equal([0, 0, 0, 0, 0, 0, 0, 6, 0, 5]);
    expect(await values('messages', '&step=300')).to.deep.equal([0, 11]);
    expect(await s.ctx.db('series_minutes')).to.have.length(2);
  });

  it('take totals of gateways as often as they come, in any order', async () => {
    const told = (requests: number): RequestCounts[] => [{ minute: at(1), requests, errors: 1, rate_limited: 2 }];
    for (const requests of [5, 9, 9, 5]) await saveRequests(s.ctx.db, 'one', told(requests));
    await saveRequests(s.ctx.db, 'two', told(100));
    expect((await values('requests')).at(-2)).to.equal(109);
    expect((await values('errors')).at(-2)).to.equal(2);
    expect((await values('rate_limited')).slice(-2)).to.deep.equal([4, null]);
  });

  it('keep the most users of a minute; a minute without a look is unknown', async () => {
    for (const users_online of [3, 7, 5]) await saveGauges(s.ctx.db, { users_online, connections: users_online + 1 });
    const seen = await values('users_online');
    expect(seen.filter((value) => value !== null)).to.deep.equal([7]);
    expect((await values('connections')).filter((value) => value !== null)).to.deep.equal([8]);
  });

  it('have at most a thousand points, of thirty days', async () => {
    const month = `from=${at(40 * 24 * 60)}`;
    const { points, step, from } = await series(`metric=messages&${month}`);
    expect(points.length).to.be.at.most(300);
    expect(step % 60).to.equal(0);
    expect(Date.now() - Date.parse(from)).to.be.lessThan(30 * 24 * 60 * MINUTE + 2 * MINUTE);
    expect((await series('metric=messages')).points).to.have.length.within(288, 300);
    for (const wrong of [
      `metric=messages&${month}&step=60`,
      `metric=messages&from=${at(1)}&to=${at(2)}`,
      `metric=messages&to=${at(40 * 24 * 60)}`,
      'metric=odd',
      'metric=messages&step=90',
      '',
    ])
      await request(s.app).get(`/admin/dashboard/series?${wrong}`).set(as('moderator')).expect(400);
    await request(s.app).get('/admin/dashboard/series?metric=messages').set(as('user')).expect(403);
  });

  it('forget what is older than thirty days', async () => {
    await s.ctx.db('series_minutes').insert([
      { minute: at(30 * 24 * 60 + 5), messages: 1 },
      { minute: at(5), messages: 1 },
    ]);
    await deleteOldMinutes(s.ctx.db);
    expect(await s.ctx.db('series_minutes')).to.have.length(1);
  });
});
