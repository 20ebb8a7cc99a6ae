import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { type Account, type Json, loginAdmin, privateRoom, register, rest, say, unique } from '../support/client.ts';
import { gateways, nodes } from '../support/cluster.ts';
import { closeStreams, listen } from '../support/event-stream.ts';
import { expectError } from '../support/expects.ts';
import { closeAll, connect, refusedUpgrade, wsUrl } from '../support/socket.ts';
import '../support/shared-cluster.ts';

const SCOPES = ['rooms:read', 'rooms:write', 'messages:read', 'messages:write', 'files:read', 'users:read'];

describe('bots', () => {
  let admin: Account;
  let ann: Account;
  let bot: Json;

  async function makeToken(scopes: string[], rooms?: string[]): Promise<Account & { token_id: string }> {
    const { body } = await rest(admin).post(`/bots/${bot.id}/tokens`, { name: 'e2e', scopes, rooms }).expect(201);
    return { ...bot, token: body.token, token_id: body.id };
  }

  before(async () => {
    admin = await loginAdmin();
    ann = await register('ann');
    bot = (
      await rest(admin)
        .post('/bots', { username: unique('robot'), display_name: 'Robot' })
        .expect(201)
    ).body;
  });
  afterEach(() => {
    closeAll();
    closeStreams();
  });
  after(() => rest(admin).delete(`/bots/${bot.id}`).expect(204));

  it('posts and reads as people do, and is shown as a bot', async () => {
    const robot = await makeToken(SCOPES);
    const room = await privateRoom(ann, [], 'with-bot');
    expectError(await rest(robot).get(`/rooms/${room}`), 404, 'RESOURCE_NOT_FOUND');
    await rest(ann).post(`/rooms/${room}/members`, { user_id: bot.id }).expect(201);
    for (const url of gateways()) {
      const sent = await rest(robot, url).post('/messages', { chat_id: room, content: 'beep' }).expect(201);
      expect(sent.body.sender_id).to.equal(bot.id);
    }
    const { members } = (await rest(ann).get(`/rooms/${room}/members`).expect(200)).body;
    expect(members.find((one: Json) => one.user_id === bot.id).kind).to.equal('bot');
    expect(members.find((one: Json) => one.user_id === ann.id).kind).to.equal('user');
    expect((await rest(ann).get(`/users/${bot.id}`).expect(200)).body.kind).to.equal('bot');
    expect((await rest(robot).get('/users/me').expect(200)).body).to.include({ id: bot.id, kind: 'bot' });
  });

  it('has a socket on each node: gets and sends messages, within its scopes', async () => {
    const robot = await makeToken(['messages:read', 'messages:write']);
    const reader = await makeToken(['messages:read']);
    const room = await privateRoom(ann, [], 'with-socket');
    await rest(ann).post(`/rooms/${room}/members`, { user_id: bot.id }).expect(201);
    const [live, silent] = [await connect(robot, nodes()[0]), await connect(reader, nodes()[1])];
    const sent = await say(ann, { chat_id: room, content: 'hello robot' });
    for (const one of [live, silent])
      expect((await one.next('message', (frame) => frame.id === sent.id)).content).to.equal('hello robot');
    live.send({ message: 'hello ann', chat_id: room, client_id: 'c-1' });
    expect((await live.next('ack')).client_id).to.equal('c-1');
    silent.send({ message: 'hello ann', chat_id: room, client_id: 'c-2' });
    const refused = await silent.next('error');
    expect(refused).to.deep.include({ code: 'AUTHORIZATION_ERROR', client_id: 'c-2' });
    const mute = await makeToken(['users:read']);
    for (const url of nodes()) expect((await refusedUpgrade(wsUrl(url, mute.token))).status).to.equal(403);
  });

  it('a token that is limited to rooms knows no other, by REST or socket', async () => {
    const [open, hidden] = [await privateRoom(ann, [], 'open'), await privateRoom(ann, [], 'hidden')];
    for (const room of [open, hidden]) await rest(ann).post(`/rooms/${room}/members`, { user_id: bot.id }).expect(201);
    const robot = await makeToken(SCOPES, [open]);
    const inHidden = await say(ann, { chat_id: hidden, content: 'secret' });
    const missing = async (answer: PromiseLike<Json>) => expectError(await answer, 404, 'RESOURCE_NOT_FOUND');
    await missing(rest(robot).get(`/rooms/${hidden}`));
    await missing(rest(robot).get(`/rooms/${hidden}/members`));
    await missing(rest(robot).put(`/rooms/${hidden}/read`, { seq: 1 }));
    await missing(rest(robot).post(`/rooms/${hidden}/leave`));
    await missing(rest(robot).get(`/messages?chat_id=${hidden}`));
    await missing(rest(robot).get(`/messages?thread_of=${inHidden.id}`));
    await missing(rest(robot).get(`/messages/${inHidden.id}`));
    await missing(rest(robot).put(`/messages/${inHidden.id}/reactions/%F0%9F%91%8D`));
    await missing(rest(robot).get(`/messages/search?q=secret&chat_id=${hidden}`));
    await missing(rest(robot).post('/reports', { target_type: 'message', target_id: inHidden.id, reason: 'x' }));
    await missing(rest(robot).post('/messages', { chat_id: hidden, content: 'x' }));
    await missing(rest(robot).post('/messages', { recipient_id: ann.id, content: 'x' }));
    await missing(rest(robot).post('/messages', { chat_id: 'general', content: 'x' }));
    for (const answer of [
      await rest(robot).get('/messages'),
      await rest(robot).get('/messages/search?q=secret'),
      await rest(robot).post('/rooms', { name: 'mine' }),
    ])
      expect(expectError(answer, 403, 'AUTHORIZATION_ERROR').details.reason).to.equal('rooms');
    const { rooms } = (await rest(robot).get('/rooms').expect(200)).body;
    expect(rooms.map((room: Json) => room.id)).to.deep.equal([open]);
    await rest(robot).get(`/messages?chat_id=${open}`).expect(200);
    await rest(robot).post('/messages', { chat_id: open, content: 'beep' }).expect(201);

    const live = await connect(robot);
    live.send({ type: 'resume', rooms: { [open]: 0, [hidden]: 0 } });
    const resumed = await live.next('resumed');
    expect(resumed.rooms[open].complete).to.equal(true);
    expect(resumed.rooms[hidden]).to.deep.equal({ from: 0, to: 0, complete: false });
    await say(ann, { chat_id: hidden, content: 'another secret' });
    live.send({ message: 'x', chat_id: hidden, client_id: 'c-1' });
    expect((await live.next('error')).code).to.equal('RESOURCE_NOT_FOUND');
    const last = await say(ann, { chat_id: open, content: 'end' });
    await live.next('message', (frame) => frame.id === last.id);
    expect(live.frames.filter((frame: Json) => frame.chat_id === hidden)).to.deep.equal([]);
  });

  it('a token that is limited to a direct room sends to it by its id or its person, by REST and socket', async () => {
    const { chat_id } = await say(ann, { recipient_id: bot.id, content: 'are you there?' });
    const robot = await makeToken(SCOPES, [chat_id]);
    const live = await connect(robot);
    for (const to of [{ chat_id }, { recipient_id: ann.id }]) {
      const posted = await rest(robot)
        .post('/messages', { ...to, content: 'by REST' })
        .expect(201);
      expect(posted.body.chat_id).to.equal(chat_id);
      live.send({ ...to, message: 'by socket' });
      expect((await live.next('ack')).chat_id).to.equal(chat_id);
    }
  });

  it('has streams of events of its rooms, which end with its token', async () => {
    const [open, hidden] = [await privateRoom(ann, [], 'streamed'), await privateRoom(ann, [], 'hidden')];
    for (const room of [open, hidden]) await rest(ann).post(`/rooms/${room}/members`, { user_id: bot.id }).expect(201);
    const robot = await makeToken(['events:read'], [open]);
    const unable = await makeToken(['messages:read']);
    for (const url of gateways()) {
      const headers = { accept: 'text/event-stream' };
      const asking = (path: string, { token }: Account) =>
        fetch(url + path, { headers: { ...headers, authorization: `Bearer ${token}` } });
      expect((await asking('/events', unable)).status).to.equal(403);
      expect((await asking(`/rooms/${hidden}/events`, robot)).status).to.equal(404);
    }
    const streams = [...gateways(), ...nodes()].flatMap((url) => [
      listen(robot.token, '/events', url),
      listen(robot.token, `/rooms/${open}/events`, url),
    ]);
    for (const stream of streams) await eventually(() => expect(stream.count('live')).to.equal(1));
    await say(ann, { chat_id: hidden, content: 'a secret' });
    const sent = await say(ann, { chat_id: open, content: 'for the robot' });
    for (const stream of streams) {
      await eventually(() => expect(stream.seqs(open)).to.deep.equal([sent.seq]));
      expect(stream.seqs(hidden)).to.deep.equal([]);
    }
    await rest(admin).delete(`/bots/${bot.id}/tokens/${robot.token_id}`).expect(204);
    for (const stream of streams) await eventually(() => expect(stream.count('close')).to.equal(1));
  });

  it('the end of a token closes its sockets and is refused on both gateways', async () => {
    const robot = await makeToken(SCOPES);
    const other = await makeToken(SCOPES);
    const lives = await Promise.all(nodes().map((url) => connect(robot, url)));
    const stays = await connect(other);
    await rest(admin).delete(`/bots/${bot.id}/tokens/${robot.token_id}`).expect(204);
    for (const live of lives) expect((await live.closed).code).to.equal(4401);
    for (const url of gateways())
      await eventually(
        async () => void expectError(await rest(robot, url).get('/users/me'), 401, 'AUTHENTICATION_ERROR'),
        1000,
      );
    stays.send({ type: 'ping' });
    await stays.next('pong');
  });

  it('a ban and an erasure end it everywhere; it is no person in statistics', async () => {
    const made = (
      await rest(admin)
        .post('/bots', { username: unique('robot') })
        .expect(201)
    ).body;
    const { token } = (await rest(admin).post(`/bots/${made.id}/tokens`, { name: 'e2e', scopes: SCOPES }).expect(201))
      .body;
    const robot: Account = { ...made, token };
    // A node may hear of it before the gateway does.
    const refused = (status: number, code: string) =>
      eventually(async () => void expectError(await rest(robot).get('/users/me'), status, code), 1000);
    const live = await connect(robot);
    await rest(admin).post(`/admin/users/${made.id}/ban`).expect(200);
    expect((await live.closed).code).to.equal(4403);
    await refused(403, 'AUTHORIZATION_ERROR');
    await rest(admin).post(`/admin/users/${made.id}/unban`).expect(200);
    await eventually(async () => void (await rest(robot).get('/users/me').expect(200)), 1000);
    const again = await connect(robot);
    await rest(admin).delete(`/bots/${made.id}`).expect(204);
    expect((await again.closed).code).to.equal(4401);
    await refused(401, 'AUTHENTICATION_ERROR');
  });
});
