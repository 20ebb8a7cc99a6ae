import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { handlers } from '../src/facts.ts';
import { type Messages, openTwo } from './harness.ts';

const START = '2026-01-01T00:00:00.000Z';
const AT = '2026-02-01T00:00:00.000Z';
const NAMES = ['ada', 'bob', 'carl', 'greta', 'frank', 'hal', 'ivy', 'jon', 'kim', 'leo', 'mia'];

const account = (name: string) => ({
  user_id: `usr_${name}`,
  username: name,
  display_name: `The ${name}`,
  email: null,
  role: 'user' as const,
  status: 'active' as const,
  created_at: START,
  updated_at: START,
});

describe('people beside lists', () => {
  let m: Messages;
  let other: Messages;
  openTwo((one, two) => {
    m = one;
    other = two;
  });

  before(() => m.ctx.db.transaction((trx) => handlers['account.created']?.(NAMES.map(account), trx) as Promise<void>));

  const get = async (user: string, path: string) => (await m.ask(user, 'get', path).expect(200)).body;
  const setAvatar = (user_id: string, avatar_url: string | null, updated_at = AT) =>
    m.ctx.db.transaction(
      (trx) => handlers['profile.avatar']?.([{ user_id, avatar_url, updated_at }], trx) as Promise<void>,
    );
  const rename = (user_id: string, display_name: string, updated_at = AT) =>
    m.ctx.db.transaction(
      (trx) =>
        handlers['profile.updated']?.(
          [{ user_id, display_name, bio: '', avatar_url: null, updated_at }],
          trx,
        ) as Promise<void>,
    );

  it('senders, mentions, reactors and last messages have names and avatars, in each list', async () => {
    await m.ask('usr_ada', 'post', '/rooms', { chat_id: 'shown', member_ids: ['usr_bob', 'usr_carl'] }).expect(201);
    const { body } = await m.send('usr_ada', { chat_id: 'shown', content: 'hello @carl' }).expect(201);
    await m.ask('usr_bob', 'put', `/messages/${body.id}/reactions/👍`).expect(204);
    await setAvatar('usr_ada', '/avatars/usr_ada/x');
    const ada = { username: 'ada', display_name: 'The ada', avatar_url: '/avatars/usr_ada/x', kind: 'user' };
    const bob = { username: 'bob', display_name: 'The bob', avatar_url: null, kind: 'user' };
    const carl = { username: 'carl', display_name: 'The carl', avatar_url: null, kind: 'user' };
    const all = { usr_ada: ada, usr_bob: bob, usr_carl: carl };
    for (const path of [
      '/messages/?chat_id=shown',
      '/messages/',
      '/messages/search?q=hello',
      '/rooms',
      '/rooms/shown/members',
    ])
      expect((await get('usr_ada', path)).users, path).to.deep.equal(all);
    expect((await get('usr_dora', '/rooms/public?search=shown')).users).to.deep.equal(all);
    expect((await get('usr_ada', `/messages/${body.id}/reactions/👍`)).users[0].user).to.deep.equal(bob);
  });

  it('the other side of a direct room is shown', async () => {
    await m.send('usr_ada', { recipient_id: 'usr_eve', content: 'hi' }).expect(201);
    expect((await get('usr_ada', '/rooms')).users.usr_eve).to.include({ username: 'eve' });
    expect((await get('usr_eve', '/messages/?recipient_id=usr_ada')).users).to.include.keys('usr_ada', 'usr_eve');
  });

  it('somebody deleted is left out, and nobody is asked for them', async () => {
    await m.ask('usr_frank', 'post', '/rooms', { chat_id: 'gone', member_ids: ['usr_greta'] }).expect(201);
    await m.send('usr_frank', { chat_id: 'gone', content: 'x' }).expect(201);
    await m.ctx.db.transaction(
      (trx) => handlers['account.erased']?.([{ user_id: 'usr_frank', erased_at: AT }], trx) as Promise<void>,
    );
    const asked = m.asked.length;
    expect((await get('usr_greta', '/messages/?chat_id=gone')).users).to.not.have.property('usr_frank');
    expect(m.asked.length).to.equal(asked);
    await setAvatar('usr_frank', '/late');
    expect((await m.ctx.db('people').where({ user_id: 'usr_frank' }).first()).avatar_url).to.equal(null);
  });

  it('an avatar that is told late does not replace a newer one', async () => {
    await m.send('usr_hal', { chat_id: 'late', content: 'x' }).expect(201);
    const shown = async () => (await get('usr_hal', '/messages/?chat_id=late')).users.usr_hal.avatar_url;
    await shown();
    await setAvatar('usr_hal', 'https://example.org/new.png', '2026-02-02T00:00:00.000Z');
    await setAvatar('usr_hal', 'https://example.org/old.png', AT);
    expect(await shown()).to.equal('https://example.org/new.png');
  });

  it('an avatar of an unknown account waits for the account', async () => {
    const failed = await setAvatar('usr_nobody_yet', '/x').catch((error: Error) => error.message);
    expect(failed).to.include('not known yet');
  });

  it('who sees the presence of a person, and the person, hear of a new name or avatar, and nobody else', async () => {
    await m.ask('usr_ivy', 'post', '/rooms', { chat_id: 'news', member_ids: ['usr_jon'] }).expect(201);
    await m.ask('usr_kim', 'post', '/rooms', { chat_id: 'elsewhere' }).expect(201);
    // Too many to see each other there.
    await m.ctx.db('rooms').where({ id: 'general' }).update({ member_count: 1000 });
    const node = await m.listen(['u:usr_ivy', 'u:usr_jon', 'u:usr_kim']);
    await rename('usr_ivy', 'Ivy 2');
    await setAvatar('usr_ivy', '/avatars/usr_ivy/1');
    const told = () => node.records.filter(({ frame }) => frame.includes('/avatars/usr_ivy/1'));
    await eventually(() => told().length >= 2);
    await new Promise((resolve) => setTimeout(resolve, 700));
    node.stop();
    // An instance that is slow may tell it again.
    const heard = new Set(told().map(({ topic, kind }) => `${topic} ${kind}`));
    expect([...heard].sort()).to.deep.equal(['u:usr_ivy notice', 'u:usr_jon notice']);
    expect(JSON.parse(String(told()[0]?.frame))).to.include({
      type: 'user_updated',
      user_id: 'usr_ivy',
      username: 'ivy',
      display_name: 'Ivy 2',
      avatar_url: '/avatars/usr_ivy/1',
      kind: 'user',
    });
    expect(await other.ctx.db('people_changes').where({ user_id: 'usr_ivy' })).to.deep.equal([]);
  });

  it('a change that is not committed while another is told is not lost', async () => {
    await m.ask('usr_leo', 'post', '/rooms', { chat_id: 'race', member_ids: ['usr_mia'] }).expect(201);
    const node = await m.listen(['u:usr_leo']);
    await m.ctx.db.transaction(async (trx) => {
      await rename('usr_leo', 'Leo 1');
      await eventually(() => node.records.some(({ frame }) => frame.includes('Leo 1')));
      await trx.raw(`update people set display_name = 'Leo 2' where user_id = 'usr_leo'`);
      await new Promise((resolve) => setTimeout(resolve, 1200));
    });
    await eventually(() => node.records.some(({ frame }) => frame.includes('Leo 2')));
    node.stop();
  });
});
