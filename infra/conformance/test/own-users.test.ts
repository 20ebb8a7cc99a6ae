// Users that a backend brings: it has an application key and the SDK's client for backends.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { openClient, roomOf, unique } from '../src/accounts.ts';
import { backendOf } from '../src/backend.ts';
import { failureOf, failureSoon } from '../src/failure.ts';
import { scenario } from '../src/scenario.ts';

const ALL = ['rooms:read', 'rooms:write', 'messages:read', 'messages:write', 'files:read', 'files:write'];
const KEY = [...ALL, 'users:read', 'users:write', 'tokens:write', 'act_as'];
/** The shortest that a session of an own user lasts. */
const SESSION_S = 60;
const POLL_MS = 200;

scenario('an own user: minted tokens carry the live socket over the end of sessions, then 4403', async (harness) => {
  const backend = await backendOf(harness, KEY);
  const external_id = unique('crm/ä %2F ');
  const made = await backend('put_user', { external_id, display_name: 'Ann' });
  expect(await backend('put_user', { external_id, display_name: 'Anna' })).to.include({ id: made.id, external_id });

  let minted = 0;
  const device = harness.another(async () => {
    minted += 1;
    return (await backend('mint', { external_id, expires_in: SESSION_S })).access_token;
  });
  const ann = await openClient(device, { base_url: harness.cluster.url, asks_token: true });
  const bob = await harness.someone();
  const room = await roomOf(bob);
  await bob.call('add_member', { chat_id: room, user_id: made.id });
  const socket = await ann.connect();
  await socket.ready();
  const begun = Date.now();
  expect((await socket.say({ chat_id: room, content: 'hello' })).sender_id).to.equal(made.id);

  while (minted < 2 || Date.now() < begun + (SESSION_S + 2) * 1000) {
    await bob.call('send', { chat_id: room, content: 'in between' });
    await sleep(POLL_MS);
  }
  const { seq } = await socket.say({ chat_id: room, content: 'after the first session' });
  // Without a gap, also where a busy machine renews too late and the connection is made again.
  await harness.expectLog(socket, bob, room, seq, false);
  expect(minted, 'no more often than needed').to.be.within(2, 4);

  const ended = failureOf(socket.ended());
  expect((await backend('deactivate', { external_id })).status).to.equal('deactivated');
  expect((await ended).code).to.equal('AUTHORIZATION_ERROR');
  const { state, states } = await socket.view();
  expect([state, states.at(-1)?.code]).to.deep.equal(['closed', 4403]);
  expect((await failureOf(backend('mint', { external_id }))).details.reason).to.equal('deactivated');

  await backend('activate', { external_id });
  const { access_token: token } = await backend('mint', { external_id, session_name: 'again' });
  const again = await openClient(harness.driver, { base_url: harness.cluster.url, token });
  expect((await again.call('me')).id).to.equal(made.id);
});

scenario('a backend brings many users at once; a bad one fails alone; one is erased', async (harness) => {
  const backend = await backendOf(harness, KEY);
  const stem = unique('many');
  const users = [0, 1, 2].map((i) => ({ external_id: `${stem}/${i}`, display_name: `Number ${i}` }));
  const results = await backend('put_users', { users: [...users, { external_id: stem, avatar_url: 'no url' }] });
  expect(results.map(({ status }: { status: string }) => status)).to.deep.equal([
    ...users.map(() => 'created'),
    'failed',
  ]);
  expect(results[3].error.code).to.equal('VALIDATION_ERROR');
  const external_id = `${stem}/1`;
  const { id, display_name } = await backend('own_user', { external_id });
  expect(display_name).to.equal('Number 1');
  expect((await backend('find_user', { user_id: id })).id).to.equal(id);
  expect(await backend('delete_user', { external_id })).to.deep.equal({ id });
  expect((await failureOf(backend('own_user', { external_id }))).code).to.equal('RESOURCE_NOT_FOUND');
  for (const wrong of ['', '.', '..', '\ud800'])
    expect((await failureOf(backend('own_user', { external_id: wrong }))).code).to.equal('VALIDATION_ERROR');
});

scenario('a backend acts as its users, of any name, and only with the scopes of its key', async (harness) => {
  const backend = await backendOf(harness, KEY);
  const external_id = unique('ü/ %: 😀');
  const { id } = await backend('put_user', { external_id });
  const bob = await harness.someone();
  const room = await roomOf(bob);
  await bob.call('add_member', { chat_id: room, user_id: id });
  for (const who of [{ external_id }, { user_id: id }]) {
    expect((await backend('act_me', who)).id).to.equal(id);
    expect((await backend('act_send', { ...who, chat_id: room, content: 'by key' })).sender_id).to.equal(id);
    const file = await backend('act_upload', { ...who, name: 'minutes.txt', content: 'the minutes' });
    expect(file).to.include({ uploaded_by: id, size: 11 });
    const refused = await failureOf(backend('act_rename', { ...who, chat_id: room, name: 'mine' }));
    expect(refused.code).to.equal('AUTHORIZATION_ERROR');
  }
  const stranger = { external_id: unique('nobody'), chat_id: room, content: 'boo' };
  expect((await failureOf(backend('act_send', stranger))).code).to.equal('RESOURCE_NOT_FOUND');
  expect((await failureOf(backend('act_me', { external_id: '' }))).code).to.equal('VALIDATION_ERROR');
  expect((await failureOf(backend('stats'))).details).to.deep.equal({ reason: 'scope', scope: 'stats:read' });
  const until = new Date(Date.now() + 3_600_000).toISOString();
  const ban = await failureOf(backend('server_ban', { user_id: bob.id, until }));
  expect(ban.details).to.deep.equal({ reason: 'scope', scope: 'moderation:write' });
});

scenario('a backend with other scopes reads statistics and bans for a while', async (harness) => {
  const backend = await backendOf(harness, ['stats:read', 'moderation:write']);
  expect((await backend('stats')).users.total).to.be.greaterThan(0);
  const person = await harness.someone();
  const until = new Date(Date.now() + 3_600_000).toISOString();
  expect((await backend('server_ban', { user_id: person.id, until })).status).to.equal('banned');
  expect((await failureSoon(() => person.call('me'))).code).to.equal('AUTHORIZATION_ERROR');
});

scenario('a bot works with its token, by REST and on a socket, until the token ends', async (harness) => {
  const backend = await backendOf(harness, KEY);
  const bot = await backend('create_bot', { username: unique('bot'), display_name: 'Robot' });
  const scopes = [...ALL, 'users:read'];
  const { id: token_id, token } = await backend('bot_token', { bot_id: bot.id, name: 'main', scopes });
  expect(await backend('bot_tokens', { bot_id: bot.id })).to.deep.equal([token_id]);
  const bob = await harness.someone();
  const room = await roomOf(bob);
  await bob.call('add_member', { chat_id: room, user_id: bot.id });
  const robot = await openClient(harness.driver, { base_url: harness.cluster.url, token });
  expect(await robot.call('me')).to.include({ id: bot.id, kind: 'bot' });
  const socket = await robot.connect();
  await socket.ready();
  await bob.call('send', { chat_id: room, content: 'hello robot' });
  const { seq, sender_id } = await socket.say({ chat_id: room, content: 'hello' });
  expect(sender_id).to.equal(bot.id);
  await harness.expectLog(socket, bob, room, seq, false);
  const ended = failureOf(socket.ended());
  await backend('end_bot_token', { bot_id: bot.id, token_id });
  expect((await ended).code).to.equal('AUTHENTICATION_ERROR');
  expect((await failureSoon(() => robot.call('me'))).code).to.equal('AUTHENTICATION_ERROR');
  await backend('delete_bot', { bot_id: bot.id });
});
