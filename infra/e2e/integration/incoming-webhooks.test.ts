import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { type Account, type Json, loginAdmin, privateRoom, register, rest, say } from '../support/client.ts';
import { expectError, expectInvalid } from '../support/expects.ts';
import '../support/shared-cluster.ts';

describe('incoming webhooks', function () {
  this.timeout(60_000);
  let ann: Account;
  let bob: Account;
  let room: string;
  before(async () => {
    [ann, bob] = [await register('ann'), await register('bob')];
    room = await privateRoom(ann, [bob], 'alerts');
  });

  const hook = async (name = 'Monitor', owner = ann, chat_id = room): Promise<Json> =>
    (await rest(owner).post(`/rooms/${chat_id}/incoming-webhooks`, { name }).expect(201)).body;
  const history = async (chat_id = room): Promise<Json[]> =>
    (await rest(ann).get(`/messages/?chat_id=${chat_id}`).expect(200)).body.messages;
  const post = (url: string, body: object) => rest().post(url, body);

  it('send messages of a bot, from JSON and from Slack’s form, and ignore what they do not know', async () => {
    const { id, url, bot_id, ...shown } = await hook();
    expect(shown).to.include({ chat_id: room, name: 'Monitor', created_by: ann.id });
    expect(url).to.match(new RegExp(`^/hooks/${id}/[A-Za-z0-9_-]{43}$`));
    const { body: first } = await post(url, { content: 'disk full', custom: { a: 1 }, icon_emoji: ':x:' }).expect(201);
    expect(first).to.have.all.keys('id', 'chat_id', 'seq');
    const form = { payload: JSON.stringify({ text: 'disk *empty*', username: 'other', attachments: [{}] }) };
    const { body: second } = await rest().post(url).type('form').send(form).expect(201);
    expect(second.seq).to.equal(first.seq + 1);
    const messages = (await history()).filter(({ sender_id }) => sender_id === bot_id);
    expect(messages.map(({ id: message, content }) => [message, content])).to.have.deep.members([
      [first.id, 'disk full'],
      [second.id, 'disk *empty*'],
    ]);
    const { body: members } = await rest(bob).get(`/rooms/${room}/members`).expect(200);
    const bot = members.members.find(({ user_id }: Json) => user_id === bot_id);
    expect(bot).to.include({ kind: 'bot', display_name: 'Monitor', role: 'member' });
    const { body: list } = await rest(ann).get(`/rooms/${room}/incoming-webhooks`).expect(200);
    expect(list.incoming_webhooks.map((one: Json) => one.id)).to.deep.equal([id]);
    expect(JSON.stringify(list)).to.not.contain(url.split('/')[3]);
  });

  it('bear custom, and in it the name and the avatar that a sender chooses', async () => {
    const { url, bot_id } = await hook();
    const send = async (body: object): Promise<unknown> => {
      const { body: posted } = await post(url, { content: 'x', ...body }).expect(201);
      const message = (await rest(ann).get(`/messages/${posted.id}`).expect(200)).body;
      expect(message.sender_id).to.equal(bot_id);
      return message.custom;
    };
    const [username, avatar_url] = ['db-1', 'https://example.com/a.png'];
    expect(await send({ custom: { a: { b: [null] } } })).to.deep.equal({ a: { b: [null] } });
    expect(await send({ username, avatar_url, custom: { a: 1 } })).to.deep.equal({ username, avatar_url, a: 1 });
    expect(await send({ username, avatar_url, custom: { username: 1 } })).to.deep.equal({ username: 1, avatar_url });
    expect(await send({ username: '', avatar_url: null })).to.equal(undefined);
    for (const wrong of [
      'javascript:alert(1)',
      'ftp://example.com/a',
      '/files/file_1/content',
      `https://${'x'.repeat(2050)}`,
    ])
      expectInvalid(await post(url, { content: 'x', avatar_url: wrong }), 'avatar_url');
    expectInvalid(await post(url, { content: 'x', username: 'x'.repeat(65) }), 'username');
    expectInvalid(await post(url, { content: 'x', username: 'a\nb' }), 'username');
    for (const custom of ['x', [], { a: 'x'.repeat(4096) }, { a: [[[[[]]]]] }])
      expectInvalid(await post(url, { content: 'x', custom }), 'custom');
    expectInvalid(await post(url, { content: 'x', username, custom: { a: 'x'.repeat(4080) } }), 'custom');
  });

  it('make one message of a repeated client_id, also when the repeats come at once', async () => {
    const { url, bot_id } = await hook();
    const body = { content: 'once', client_id: 'build-1' };
    const answers = await Promise.all([1, 2, 3, 4].map(() => post(url, body)));
    expect(answers.map(({ status }) => status).toSorted()).to.deep.equal([200, 200, 200, 201]);
    expect(new Set(answers.map(({ body: one }) => one.id)).size).to.equal(1);
    expectError(await post(url, { content: 'other', client_id: 'build-1' }), 409, 'CONFLICT');
    expect((await history()).filter(({ sender_id }) => sender_id === bot_id)).to.have.length(1);
  });

  it('are managed by owners and moderators, and by those who moderate everywhere, on record', async () => {
    const { id } = await hook();
    const path = `/rooms/${room}/incoming-webhooks`;
    const stranger = await register('stranger');
    for (const [who, code, status] of [
      [bob, 'AUTHORIZATION_ERROR', 403],
      [stranger, 'RESOURCE_NOT_FOUND', 404],
    ] as const) {
      expectError(await rest(who).post(path, { name: 'x' }), status, code);
      expectError(await rest(who).get(path), status, code);
      expectError(await rest(who).delete(`${path}/${id}`), status, code);
    }
    const other = await privateRoom(ann, []);
    expectError(await rest(ann).delete(`/rooms/${other}/incoming-webhooks/${id}`), 404, 'RESOURCE_NOT_FOUND');
    expectInvalid(await rest(ann).post(path, { name: '' }), 'name');
    await rest(ann).put(`/rooms/${room}/members/${bob.id}`, { role: 'moderator' }).expect(200);
    await hook('By Bob', bob);
    const admin = await loginAdmin();
    const { id: byAdmin } = await hook('By an admin', admin);
    await eventually(async () => {
      const { body } = await rest(admin).get('/admin/audit-log?limit=50').expect(200);
      const entry = body.entries.find(({ target_id }: Json) => target_id === byAdmin);
      expect(entry).to.include({ action: 'incoming_webhook.create', actor_id: admin.id });
      expect(body.entries.some(({ target_id }: Json) => target_id === id)).to.equal(false);
    });
  });

  it('refuse a wrong secret, an empty or long text, and more than ten at once', async () => {
    const { url, id } = await hook();
    for (const path of [`/hooks/${id}/${'x'.repeat(43)}`, `/hooks/inh_none/${url.split('/')[3]}`])
      expectError(await post(path, { content: 'x' }), 404, 'RESOURCE_NOT_FOUND');
    expectInvalid(await post(url, { title: 'x' }), 'content');
    expectInvalid(await post(url, { content: '' }), 'content');
    expectInvalid(await post(url, { content: 'x'.repeat(4001) }), 'content');
    expectError(await post(url, { content: 'x', more: 'x'.repeat(65 * 1024) }), 413, 'PAYLOAD_TOO_LARGE');
    expectError(await rest().post(url).type('form').send({ payload: '{' }), 400, 'VALIDATION_ERROR');
    const answers = await Promise.all(Array.from({ length: 25 }, (_, i) => post(url, { content: `burst ${i}` })));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).to.be.within(8, 24);
    expect(refused[0]?.headers['retry-after']).to.equal('1');
    expectError(refused[0] as (typeof answers)[0], 429, 'RATE_LIMIT_EXCEEDED');
    expect(answers.filter(({ status }) => status === 201).length + refused.length).to.equal(25);
    await eventually(() => post(url, { content: 'later' }).expect(201));
  });

  it('end with their deletion: the messages stay, and the bot leaves and can’t come back', async () => {
    const { url, id, bot_id } = await hook('Short-lived');
    const { body: sent } = await post(url, { content: 'stays' }).expect(201);
    await rest(ann).delete(`/rooms/${room}/incoming-webhooks/${id}`).expect(204);
    expectError(await post(url, { content: 'x' }), 404, 'RESOURCE_NOT_FOUND');
    expectError(await rest(ann).delete(`/rooms/${room}/incoming-webhooks/${id}`), 404, 'RESOURCE_NOT_FOUND');
    const admin = await loginAdmin();
    await eventually(async () => {
      const { body } = await rest(ann).get(`/rooms/${room}/members?limit=100`).expect(200);
      expect(body.members.some(({ user_id }: Json) => user_id === bot_id)).to.equal(false);
      const { body: found } = await rest(admin).get('/admin/users?search=short-lived&limit=100').expect(200);
      expect(found.users.find((one: Json) => one.id === bot_id)?.status).to.equal('deactivated');
    }, 20_000);
    expect((await rest(ann).get(`/messages/${sent.id}`).expect(200)).body.content).to.equal('stays');
  });

  it('end with their room, and take nothing from a bot that is banned', async () => {
    const brief = await privateRoom(ann, []);
    const { url, bot_id } = await hook('Banned', ann, brief);
    const admin = await loginAdmin();
    await rest(admin).post(`/admin/users/${bot_id}/ban`, {}).expect(200);
    await eventually(async () => {
      await sleep(200);
      expectError(await post(url, { content: 'x' }), 403, 'AUTHORIZATION_ERROR');
    });
    await rest(admin).post(`/admin/users/${bot_id}/unban`).expect(200);
    await eventually(async () => {
      await sleep(200);
      await post(url, { content: 'x' }).expect(201);
    });
    await say(ann, { chat_id: brief, content: 'bye' });
    await rest(ann).delete(`/rooms/${brief}`).expect(204);
    expectError(await post(url, { content: 'x' }), 404, 'RESOURCE_NOT_FOUND');
  });
});
