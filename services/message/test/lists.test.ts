import { expect } from 'chai';
import { RESERVED_WORDS } from '../src/access/reserved-room-ids.ts';
import { roomRoutes } from '../src/routes/room-routes.ts';
import { type Messages, openMessages } from './harness.ts';

describe('a list of the message service', () => {
  let m: Messages;
  before(async () => {
    m = await openMessages();
    for (let i = 0; i < 7; i++)
      await m.ask('usr_a', 'post', '/rooms', { chat_id: `room${i}`, member_ids: ['usr_b', 'usr_c'] }).expect(201);
    for (let i = 0; i < 12; i++) await m.send('usr_a', { chat_id: `room${i % 5}`, content: `needle ${i}` }).expect(201);
    for (const user of ['usr_d', 'usr_e', 'usr_f']) await m.ask(user, 'post', '/rooms/room1/join').expect(204);
    // Equal times: only the id, or room and seq, tell two items apart.
    await m.ctx
      .db('messages')
      .where('room_id', 'in', ['room0', 'room1'])
      .update({ created_at: new Date(5e11) });
    await m.ctx
      .db('rooms')
      .where('id', 'in', ['room2', 'room3'])
      .update({ active_at: m.ctx.db.raw("'2026-01-01'") });
    await m.ctx
      .db('room_members')
      .where({ room_id: 'room1' })
      .update({ joined_at: m.ctx.db.raw("'2026-01-01'") });
  });
  after(() => m?.close());

  const get = async (path: string): Promise<any> => (await m.ask('usr_a', 'get', path).expect(200)).body;

  /** The ids of all pages, by cursor and by skip. */
  async function walk(path: string, list: string, id: string): Promise<{ byCursor: string[]; bySkip: string[] }> {
    const [byCursor, bySkip]: [string[], string[]] = [[], []];
    const at = path.includes('?') ? '&' : '?';
    for (let cursor = ''; ; ) {
      const page = await get(`${path}${at}limit=2${cursor}`);
      byCursor.push(...page[list].map((item: any) => item[id]));
      expect(page.next_cursor === null).to.equal(!page.has_more);
      if (!page.has_more) break;
      cursor = `&cursor=${page.next_cursor}`;
    }
    for (let more = true; more; ) {
      const page = await get(`${path}${at}limit=2&skip=${bySkip.length}`);
      bySkip.push(...page[list].map((item: any) => item[id]));
      more = page.has_more;
    }
    return { byCursor, bySkip };
  }

  for (const [path, list, id, count] of [
    ['/rooms', 'rooms', 'id', 8],
    ['/rooms/public', 'rooms', 'id', 8],
    ['/rooms/public?search=room', 'rooms', 'id', 7],
    ['/rooms/room1/members', 'members', 'user_id', 6],
    ['/messages?chat_id=room0', 'messages', 'id', 3],
    ['/messages?chat_id=room0&after_seq=1', 'messages', 'id', 3],
    ['/messages?chat_id=room0&before_seq=6', 'messages', 'id', 2],
    ['/messages', 'messages', 'id', 12],
    ['/messages/search?q=needle', 'messages', 'id', 12],
  ] as const) {
    it(`GET ${path} by cursor gives each item once, in the order of skip`, async () => {
      const { byCursor, bySkip } = await walk(path, list, id);
      expect(byCursor).to.deep.equal(bySkip);
      expect(new Set(byCursor).size).to.equal(byCursor.length);
      expect(byCursor).to.have.length(count);
    });
  }

  it('goes on where the page before ended, whatever is sent meanwhile', async () => {
    const first = await get('/messages?chat_id=room4&limit=1');
    await m.send('usr_a', { chat_id: 'room4', content: 'later' }).expect(201);
    const second = await get(`/messages?chat_id=room4&limit=1&cursor=${first.next_cursor}`);
    expect(second.messages[0].seq).to.equal(first.messages[0].seq - 1);
  });

  it('refuses the cursor of another list, and one beside skip', async () => {
    const { next_cursor } = await get('/rooms?limit=1');
    const { next_cursor: ofOne } = await get('/messages?chat_id=room0&limit=1');
    const { next_cursor: ofAll } = await get('/messages?limit=1');
    for (const path of [
      `/messages?cursor=${next_cursor}`,
      `/rooms/room1/members?cursor=${ofOne}`,
      `/messages?cursor=${ofOne}`,
      `/messages?chat_id=room0&cursor=${ofAll}`,
      `/rooms?skip=1&cursor=${next_cursor}`,
      '/rooms?cursor=x',
      '/rooms?skip=10001',
    ]) {
      const { body } = await m.ask('usr_a', 'get', path).expect(400);
      expect(body.details.fields[0].path, path).to.be.oneOf(['cursor', 'skip']);
      expect(body.message).to.equal(body.details.fields[0].message);
    }
  });
});

describe('a room id', () => {
  let m: Messages;
  before(async () => {
    m = await openMessages();
  });
  after(() => m?.close());

  it('that is a segment of a route under /rooms is reserved', () => {
    const segments = roomRoutes.map(({ path }) => path.split('/')[2]);
    const fixed = segments.filter((segment) => segment !== undefined && !segment.startsWith(':'));
    expect(RESERVED_WORDS).to.include.members(fixed);
  });

  it('that is reserved can be made neither by POST /rooms nor by a first post, by REST or by frame', async () => {
    for (const chat_id of ['public', 'dm:x', 'DM:x', 'self:usr_a', 'Self:x']) {
      const refused = (await m.ask('usr_a', 'post', '/rooms', { chat_id }).expect(400)).body;
      expect(refused.details.fields.map(({ path }: { path: string }) => path)).to.deep.equal(['chat_id']);
      const status = chat_id === 'public' ? 400 : 404;
      await m.send('usr_a', { chat_id, content: 'x' }).expect(status);
      const send = { sender_id: 'usr_a', role: 'user', origin: '', request_id: 'r', body: { chat_id, content: 'x' } };
      const { results } = (await m.inside('post', '/internal/sends', { node: 'n', sends: [send] }).expect(200)).body;
      expect(results[0].error.code).to.equal(status === 400 ? 'VALIDATION_ERROR' : 'RESOURCE_NOT_FOUND');
      expect(await m.ctx.db('rooms').where({ id: chat_id })).to.deep.equal([]);
    }
    for (const chat_id of ['publican', 'dmx', 'selfie', 'Public', 'dm'])
      await m.ask('usr_a', 'post', '/rooms', { chat_id }).expect(201);
  });

  it('that became reserved later leaves its room usable', async () => {
    await m.ask('usr_a', 'post', '/rooms', { chat_id: 'older' }).expect(201);
    await m.ctx.db.raw(`insert into rooms (id, kind) values ('public', 'public')`);
    await m.send('usr_a', { chat_id: 'public', content: 'x' }).expect(201);
  });
});

describe('a post', () => {
  let m: Messages;
  before(async () => {
    m = await openMessages();
  });
  after(() => m?.close());

  /** The answer by proxied HTTP, and by the gateway's RPC connection. */
  async function bothWays(body: string): Promise<[any, any]> {
    const http = await m.ask('usr_a', 'post', '/messages').set('Content-Type', 'application/json').send(body);
    const post = { sender_id: 'usr_a', role: 'user', request_id: 'r-12345', body };
    const rpc = (await m.inside('post', '/internal/posts', { node: 'gateway', posts: [post] }).expect(200)).body
      .answers[0];
    return [
      { ...http.body, status: http.status },
      { ...JSON.parse(rpc.body), status: rpc.status },
    ];
  }

  it('is judged alike by HTTP and by RPC', async () => {
    for (const body of [
      '{"chat_id":"r","content":"x","__proto__":{"admin":true}}',
      '{"chat_id":"r","content":"x","constructor":{}}',
      '{"chat_id":"!","content":"","more":1}',
      '{"chat_id":"r"}',
      '{}',
      '[]',
      '"x"',
      '{',
      '{"chat_id":"r","recipient_id":"usr_b","content":"x"}',
      '{"chat_id":"r","content":"x","client_id":""}',
      '{"chat_id":"r","content":"x","attachments":["file_1","file_1"]}',
      '{"chat_id":"public","content":"x"}',
    ]) {
      const [http, rpc] = await bothWays(body);
      const shown = ({ status, code, message, details }: any) => ({ status, code, message, details });
      expect(shown(rpc), body).to.deep.equal(shown(http));
      expect(rpc.status, body).to.equal(400);
    }
    const twice = '{"chat_id":"r","content":"first","content":"last"}';
    for (const { status, content } of await bothWays(twice)) expect([status, content]).to.deep.equal([201, 'last']);
  });

  it('has every fault named at once', async () => {
    const [http] = await bothWays('{"chat_id":"!","content":"","more":1,"client_id":7,"__proto__":1}');
    const paths = http.details.fields.map(({ path }: { path: string }) => path);
    expect(paths).to.have.members(['chat_id', 'content', 'more', 'client_id', '__proto__']);
    expect(http.message).to.equal(http.details.fields[0].message);
  });

  it('with unknown query parameters is refused, as is a page by RPC', async () => {
    await m.ask('usr_a', 'post', '/messages?x=1', { chat_id: 'r', content: 'x' }).expect(400);
    for (const query of ['x=1', 'limit=1&chatid=r', '__proto__=1', 'limit=1&limit=2']) {
      const http = await m.ask('usr_a', 'get', `/messages?${query}`).expect(400);
      const asked = { user_id: 'usr_a', request_id: 'r-12345', query };
      const { status, body } = (await m.inside('post', '/internal/page', asked).expect(200)).body;
      expect([status, JSON.parse(body).details]).to.deep.equal([400, http.body.details]);
    }
    await m.ask('usr_a', 'get', '/messages/search?q=x&chat=r').expect(400);
  });
});
