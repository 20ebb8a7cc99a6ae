import { expect } from 'chai';
import request from 'supertest';
import { as, type Running, type StandIn, standIn, start } from './harness.ts';

const PATH = '/admin/messages/search?q=secret&reason=order%2042';

describe('the search over all messages', () => {
  let message: StandIn;
  const running: Running[] = [];
  before(async () => {
    message = await standIn(() => [200, { messages: [], users: {}, has_more: false, next_cursor: null }]);
  });
  after(async () => {
    for (const one of running) await one.stop();
    await message?.stop();
  });
  const startWith = async (settings: object): Promise<Running> => {
    const s = await start({ MESSAGE_INTERNAL_URL: message.url, ...settings });
    running.push(s);
    return s;
  };

  it('is off unless an installation turns it on', async () => {
    const s = await startWith({});
    const { body } = await request(s.app).get(PATH).set(as('admin')).expect(403);
    expect(body.details).to.deep.equal({ reason: 'search_off' });
    expect(message.asked).to.deep.equal([]);
  });

  it('needs a reason and is on record before anything is looked up', async () => {
    const s = await startWith({ ADMIN_MESSAGE_SEARCH: 'on' });
    await request(s.app).get('/admin/messages/search?q=secret').set(as('admin')).expect(400);
    await request(s.app).get(PATH).set(as('moderator')).expect(403);
    expect(message.asked).to.deep.equal([]);
    await request(s.app).get(`${PATH}&sender_id=usr_bob`).set(as('admin')).expect(200);
    expect(message.asked.map(({ query }) => query)).to.deep.equal([
      { q: 'secret', sender_id: 'usr_bob', limit: '50', skip: '0' },
    ]);
    const { entries } = (await request(s.app).get('/admin/audit-log').set(as('admin')).expect(200)).body;
    expect(entries[0]).to.deep.include({
      action: 'messages.search',
      outcome: 'done',
      details: { text: 'secret', reason: 'order 42', about_user_id: 'usr_bob' },
    });
  });
});
