// Mute and slow mode over both gateways and both nodes.

import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { type Account, type Json, login, loginAdmin, register, rest, say, unique } from '../support/client.ts';
import { gateways, nodes } from '../support/cluster.ts';
import { expectError, expectInvalid } from '../support/expects.ts';
import { closeAll, connect, type Live } from '../support/socket.ts';
import '../support/shared-cluster.ts';

describe('mute and slow mode', () => {
  let owner: Account;
  let ann: Account;
  let bob: Account;
  before(async () => {
    [owner, ann, bob] = [await register('owner'), await register('ann'), await register('bob')];
  });
  afterEach(closeAll);
  async function room(): Promise<string> {
    const chat_id = unique('quiet');
    await rest(owner)
      .post('/rooms', { chat_id, member_ids: [ann.id, bob.id] })
      .expect(201);
    await say(ann, { chat_id, content: 'hi' });
    return chat_id;
  }
  const mutePath = (chat_id: string, who: Account): string => `/rooms/${chat_id}/members/${who.id}/mute`;
  const memberOf = async (chat_id: string, who: Account): Promise<Json> =>
    (await rest(bob).get(`/rooms/${chat_id}/members`).expect(200)).body.members.find((m: Json) => m.user_id === who.id);

  it('a muted member is refused by both gateways and both nodes, and still receives messages', async () => {
    const chat_id = await room();
    const lives = await Promise.all(nodes().map((url) => connect(ann, url)));
    const answer = await rest(owner).put(mutePath(chat_id, ann)).expect(200);
    expect(answer.body).to.include({ user_id: ann.id, role: 'member', muted_until: '9999-12-31T23:59:59.999Z' });
    for (const url of gateways())
      expectError(await rest(ann, url).post('/messages/', { chat_id, content: 'x' }), 403, 'AUTHORIZATION_ERROR');
    await say(bob, { chat_id, content: 'you may read' });
    for (const live of lives) {
      live.send({ message: 'x', chat_id, client_id: 'm' });
      expect(await live.next('error')).to.include({ code: 'AUTHORIZATION_ERROR', client_id: 'm' });
      await live.next('message', (f) => f.content === 'you may read');
      const { member } = await live.next('room_updated', (f) => f.member?.user_id === ann.id);
      expect(member.muted_until).to.equal('9999-12-31T23:59:59.999Z');
    }
    // Nobody sees them typing.
    const other = await connect(bob);
    (lives[0] as Live).send({ type: 'typing', chat_id });
    await other.never('typing', 500);
    // Leaving and rejoining does not end a mute, and is possible once in 10 s.
    await rest(ann).post(`/rooms/${chat_id}/leave`).expect(204);
    expectError(await rest(ann).post('/messages/', { chat_id, content: 'x' }), 403, 'AUTHORIZATION_ERROR');
    expectError(await rest(ann).post(`/rooms/${chat_id}/join`), 429, 'RATE_LIMIT_EXCEEDED');
    await eventually(() => rest(ann).post(`/rooms/${chat_id}/join`).expect(204), 11_000);
    expectError(await rest(ann).post('/messages/', { chat_id, content: 'x' }), 403, 'AUTHORIZATION_ERROR');
    await rest(owner).delete(mutePath(chat_id, ann)).expect(204);
    await rest(owner).delete(mutePath(chat_id, ann)).expect(204);
    for (const url of gateways()) await say(ann, { chat_id, content: 'free' }, url);
    expect((await memberOf(chat_id, ann)).muted_until).to.equal(null);
  });

  it('a mute with an end expires', async () => {
    const chat_id = await room();
    const until = new Date(Date.now() + 1500).toISOString();
    expect((await rest(owner).put(mutePath(chat_id, ann), { until }).expect(200)).body.muted_until).to.equal(until);
    expectError(await rest(ann).post('/messages/', { chat_id, content: 'x' }), 403, 'AUTHORIZATION_ERROR');
    await eventually(() => say(ann, { chat_id, content: 'again' }), 4000);
    expect(Date.now()).to.be.at.least(Date.parse(until));
    for (const bad of ['2020-01-01T00:00:00.000Z', 'soon'])
      expectInvalid(await rest(owner).put(mutePath(chat_id, ann), { until: bad }), 'until');
  });

  it('room and global moderators may mute, members and non-members may not', async () => {
    const chat_id = await room();
    const [admin, eve] = [await loginAdmin(), await register('eve')];
    await rest(admin).put(`/admin/users/${eve.id}/role`, { role: 'moderator' }).expect(200);
    const mod = await login(eve);
    expectError(await rest(bob).put(mutePath(chat_id, ann)), 403, 'AUTHORIZATION_ERROR');
    for (const staff of [owner, admin, mod]) {
      await rest(staff).put(mutePath(chat_id, ann)).expect(200);
      await rest(staff).delete(mutePath(chat_id, ann)).expect(204);
    }
    expectError(await rest(mod).put(mutePath(chat_id, owner)), 403, 'AUTHORIZATION_ERROR');
    expectError(await rest(owner).put(mutePath(chat_id, await register('out'))), 404, 'RESOURCE_NOT_FOUND');
    await rest(mod).put(mutePath('general', ann)).expect(200);
    expectError(await rest(ann).post('/messages/', { chat_id: 'general', content: 'x' }), 403, 'AUTHORIZATION_ERROR');
    await rest(mod).delete(mutePath('general', ann)).expect(204);
    await say(ann, { chat_id: 'general', content: 'back' });
    // Actions by a global role are audited, through any gateway.
    await eventually(async () => {
      const { entries } = (await rest(admin).get(`/admin/audit-log?actor_id=${mod.id}`).expect(200)).body;
      expect(entries.map((e: Json) => e.action).sort()).to.deep.equal([
        'member.mute',
        'member.mute',
        'member.unmute',
        'member.unmute',
      ]);
      expect(entries[0].details.chat_id).to.equal('general');
    });
  });

  it('in slow mode a member sends once per interval over all gateways and nodes, and gets the delay', async () => {
    const chat_id = await room();
    await rest(owner).put(`/rooms/${chat_id}`, { slow_mode_seconds: 2 }).expect(200);
    expect((await rest(ann).get(`/rooms/${chat_id}`).expect(200)).body.slow_mode_seconds).to.equal(2);
    const lives = await Promise.all(nodes().map((url) => connect(ann, url)));
    for (let round = 0; round < 2; round++) {
      const posts = gateways().map((url) => rest(ann, url).post('/messages/', { chat_id, content: 'r' }));
      for (const [i, live] of lives.entries()) live.send({ message: 's', chat_id, client_id: `${round}.${i}` });
      const statuses = (await Promise.all(posts)).map((answer) => {
        if (answer.status === 429) {
          expectError(answer, 429, 'RATE_LIMIT_EXCEEDED');
          expect(Number(answer.headers['retry-after'])).to.be.within(1, 2);
        }
        return answer.status;
      });
      const frames = await Promise.all(
        lives.map((live, i) => {
          const mine = (f: Json): boolean => f.client_id === `${round}.${i}`;
          return Promise.race([live.next('ack', mine), live.next('error', mine)]);
        }),
      );
      for (const frame of frames.filter(({ type }) => type === 'error')) {
        expect(frame.code).to.equal('RATE_LIMIT_EXCEEDED');
        expect(frame.retry_after_ms).to.be.within(1, 2000);
      }
      const taken =
        statuses.filter((status) => status === 201).length + frames.filter(({ type }) => type === 'ack').length;
      expect(taken).to.equal(1);
      await new Promise((resolve) => setTimeout(resolve, 2050));
    }
    for (const url of gateways()) await say(owner, { chat_id, content: 'owners are not held back' }, url);
  });

  it('a refused send frees its client_id, a repeat gets 200, and switching slow mode off applies at once', async () => {
    const chat_id = await room();
    await rest(owner).put(`/rooms/${chat_id}`, { slow_mode_seconds: 3600 }).expect(200);
    const first = await say(ann, { chat_id, content: 'a', client_id: 'k1' });
    expectError(
      await rest(ann).post('/messages/', { chat_id, content: 'b', client_id: 'k2' }),
      429,
      'RATE_LIMIT_EXCEEDED',
    );
    for (const url of gateways()) {
      const again = await rest(ann, url).post('/messages/', { chat_id, content: 'a', client_id: 'k1' }).expect(200);
      expect(again.body.id).to.equal(first.id);
    }
    await rest(owner).put(`/rooms/${chat_id}`, { slow_mode_seconds: 0 }).expect(200);
    for (const url of gateways()) await say(ann, { chat_id, content: 'b' }, url);
    await say(ann, { chat_id, content: 'b', client_id: 'k2' });
  });

  it('slow mode is set by the room’s owners and moderators, from 0 to 3600', async () => {
    const chat_id = await room();
    const set = (who: Account, slow_mode_seconds: unknown) => rest(who).put(`/rooms/${chat_id}`, { slow_mode_seconds });
    expectError(await set(ann, 5), 403, 'AUTHORIZATION_ERROR');
    for (const bad of [-1, 3601, 1.5, '5']) expectInvalid(await set(owner, bad), 'slow_mode_seconds');
    await set(await loginAdmin(), 1).expect(200);
    expectError(await rest(ann).put('/rooms/general', { slow_mode_seconds: 5 }), 403, 'AUTHORIZATION_ERROR');
  });
});
