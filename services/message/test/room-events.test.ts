import type { Caller, Scope } from '@chatapi/kit/auth';
import { eventually, identityHeader, keyIdentity, serveRoutes } from '@chatapi/kit/testing';
import { expect } from 'chai';
import supertest from 'supertest';
import { EVENTS_AFTER } from '../src/log/log-store.ts';
import { routes } from '../src/routes.ts';
import { type Messages, openMessages } from './harness.ts';

const SECOND = 1 / 86_400;

describe('the log by REST', () => {
  let m: Messages;
  let server: Awaited<ReturnType<typeof serveRoutes>>;
  before(async () => {
    m = await openMessages();
    server = await serveRoutes({ ctx: m.ctx, routes });
    await m.ask('usr_a', 'post', '/rooms', { chat_id: 'told', visibility: 'private' }).expect(201);
    for (const content of ['one', 'two', 'three']) await m.send('usr_a', { chat_id: 'told', content }).expect(201);
  });
  after(async () => {
    await server?.stop();
    await m?.close();
  });

  const as = (caller: Caller, path: string) => supertest(server.url).get(path).set(identityHeader('message', caller));
  const key = (path: string, ...scopes: Scope[]) => as(keyIdentity(...scopes), path);
  const page = async (query: string, room = 'told') =>
    (await m.ask('usr_a', 'get', `/rooms/${room}/events?${query}`).expect(200)).body;

  it('gives the frames of the socket after a seq, page by page', async () => {
    const frames = await m.log('told');
    expect(frames.map(({ type }) => type)).to.deep.equal(['member_joined', 'message', 'message', 'message']);
    const whole = { last_seq: 4, has_more: false, complete: true };
    expect(await page('')).to.deep.equal({ events: frames, ...whole });
    expect(await page('after_seq=1&limit=2')).to.deep.equal({ events: frames.slice(1, 3), ...whole, has_more: true });
    expect(await page('after_seq=3&limit=1')).to.deep.equal({ events: frames.slice(3), ...whole });
    expect(await page('after_seq=4')).to.deep.equal({ events: [], ...whole });
  });

  it('from the future is incomplete', async () => {
    expect(await page('after_seq=5')).to.deep.equal({ events: [], last_seq: 4, has_more: false, complete: false });
  });

  it('is for who may read the room, at each request', async () => {
    await m.ask('usr_b', 'get', '/rooms/told/events').expect(404);
    await m.ask('usr_a', 'get', '/rooms/missing/events').expect(404);
    await m.ask('usr_a', 'post', '/rooms/told/members', { user_id: 'usr_b' }).expect(201);
    await m.ask('usr_b', 'get', '/rooms/told/events').expect(200);
    await m.ask('usr_a', 'delete', '/rooms/told/members/usr_b').expect(204);
    await m.ask('usr_b', 'get', '/rooms/told/events').expect(404);
  });

  it('is for keys and bots with events:read; a key reads every room but the logs of users', async () => {
    expect((await key('/rooms/told/events', 'events:read').expect(200)).body.events).to.have.length.greaterThan(3);
    await key('/rooms/told/events', 'rooms:read', 'messages:read').expect(403);
    await key('/rooms/missing/events', 'events:read').expect(404);
    await m.ctx.db.raw("insert into rooms (id, kind) values ('self:usr_a', 'private')");
    await key('/rooms/self:usr_a/events', 'events:read').expect(404);
    const bot: Caller = { ...keyIdentity('events:read'), kind: 'bot', user_id: 'usr_a', rooms: ['told'] };
    await as(bot, '/rooms/told/events').expect(200);
    await as({ ...bot, rooms: ['other'] }, '/rooms/told/events').expect(404);
    await as({ ...bot, user_id: 'usr_bot' }, '/rooms/told/events').expect(404);
  });

  it('refuses what is no position or limit', async () => {
    for (const wrong of ['after_seq=-1', 'after_seq=', 'after_seq=x', 'limit=0', 'limit=501', 'skip=1', 'cursor=x'])
      await m.ask('usr_a', 'get', `/rooms/told/events?${wrong}`).expect(400);
  });

  it('signs links of files for the caller, and shows no text of a deleted message', async () => {
    const attached = { chat_id: 'told', content: 'secret', attachments: ['file_1'] };
    const { body } = await m.send('usr_a', attached).expect(201);
    const { events } = await page(`after_seq=${body.seq - 1}`);
    expect(events[0].attachments[0].url).to.match(/^\/files\/file_1\/content\?token=\w+\.usr_a\./);
    await m.ask('usr_a', 'delete', `/messages/${body.id}`).expect(204);
    const [scrubbed, deleted] = (await page(`after_seq=${body.seq - 1}`)).events;
    expect(scrubbed).to.include({ type: 'message', content: '', is_deleted: true });
    expect(deleted).to.include({ type: 'message_deleted', message_id: body.id });
  });

  it('reads a page by the index, at any depth', async () => {
    let parameter = 0;
    const statement = EVENTS_AFTER.replaceAll('?', () => `$${++parameter}`);
    const plan = await m.ctx.db.transaction(async (trx) => {
      await trx.raw('set local enable_seqscan = off');
      const { rows } = await trx.raw(`explain (generic_plan) ${statement}`);
      return rows.map((row: { 'QUERY PLAN': string }) => row['QUERY PLAN'].trim()) as string[];
    });
    const conditions = plan.filter((line) => line.startsWith('Index Cond'));
    expect(conditions).to.have.length.greaterThan(0);
    for (const condition of conditions) expect(condition).to.match(/room_id = \$\d.*seq > \$\d/);
    expect(plan.join('\n')).to.not.match(/Seq Scan|-> +Sort/);
  });
});

describe('the log by REST after its retention', () => {
  it('is incomplete before what it still has, and complete from there', async () => {
    const m = await openMessages({ LOG_RETENTION_DAYS: SECOND });
    await m.send('usr_a', { chat_id: 'short', content: 'x' }).expect(201);
    const page = async (after: number) =>
      (await m.ask('usr_a', 'get', `/rooms/short/events?after_seq=${after}`).expect(200)).body;
    await eventually(async () => (await page(0)).events.length === 0, 8000);
    expect(await page(0)).to.deep.equal({ events: [], last_seq: 2, has_more: false, complete: false });
    expect(await page(2)).to.include({ complete: true });
    await m.send('usr_a', { chat_id: 'short', content: 'y' }).expect(201);
    expect(await page(1)).to.include({ complete: false });
    expect(await page(2)).to.include({ last_seq: 3, complete: true });
    await m.close();
  }).timeout(15_000);
});
