import type { Facts } from '@chatapi/bus';
import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { type Messages, openMessages } from './harness.ts';

describe('rooms', () => {
  let m: Messages;
  before(async () => {
    m = await openMessages();
  });
  after(() => m?.close());

  it('creating a room appends one member_joined per initial member and publishes a fact', async () => {
    const { body } = await m
      .ask('usr_a', 'post', '/rooms', {
        chat_id: 'made',
        name: 'Made',
        topic: 't',
        visibility: 'private',
        member_ids: ['usr_b', 'usr_a'],
      })
      .expect(201);
    const { created_at, updated_at, ...rest } = body;
    expect(rest).to.deep.equal({
      id: 'made',
      chat_id: 'made',
      kind: 'private',
      name: 'Made',
      topic: 't',
      visibility: 'private',
      role: 'owner',
      archived: false,
      member_count: 2,
      slow_mode_seconds: 0,
      last_seq: 2,
      read_seq: 0,
      unread_count: 0,
      last_message: null,
    });
    expect([created_at, updated_at].every((time) => /^\d{4}-.*\.\d{3}Z$/.test(time))).to.equal(true);
    expect((await m.log('made')).map(({ type, user_id }) => `${type} ${user_id}`)).to.deep.equal([
      'member_joined usr_a',
      'member_joined usr_b',
    ]);
    expect(
      (await m.ctx.db('outbox').where('name', 'room.created')).some((row) => row.payload.room_id === 'made'),
    ).to.equal(true);
    const { body: nameless } = await m.ask('usr_a', 'post', '/rooms', {}).expect(201);
    expect([nameless.id.startsWith('room_'), nameless.visibility]).to.deep.equal([true, 'public']);
  });

  it('a used id, a reserved id and an unknown member are refused', async () => {
    await m.ask('usr_b', 'post', '/rooms', { chat_id: 'made' }).expect(409);
    await m.ask('usr_b', 'post', '/rooms', { chat_id: 'dm:x' }).expect(400);
    await m.ask('usr_b', 'post', '/rooms', { chat_id: 'x', name: 'y'.repeat(101) }).expect(400);
    await m.ask('usr_b', 'post', '/rooms', { chat_id: 'x', member_ids: ['usr_ghost'] }).expect(404);
    const before = m.asked.length;
    const member_ids = Array.from({ length: 1000 }, (_, i) => `usr_ghost${i}`);
    await m.ask('usr_b', 'post', '/rooms', { chat_id: 'x', member_ids }).expect(404);
    expect(m.asked.slice(before)).to.deep.equal(['POST /internal/accounts/by-ids']);
    await m.ask('usr_b', 'post', '/rooms', { chat_id: 'general' }).expect(409);
  });

  it('a change appends an event with the changed fields; repeating it appends none', async () => {
    await m.ask('usr_a', 'put', '/rooms/made', { name: 'New', topic: 't' }).expect(200);
    await m.ask('usr_a', 'put', '/rooms/made', { name: 'New' }).expect(200);
    await m.ask('usr_a', 'put', '/rooms/made', {}).expect(400);
    const updates = (await m.log('made')).filter(({ type }) => type === 'room_updated');
    expect(updates.map(({ updated_at: _, ...rest }) => rest)).to.deep.equal([
      { type: 'room_updated', chat_id: 'made', seq: 3, name: 'New' },
    ]);
  });

  it('joining or leaving twice appends one event and notifies the user’s connections', async () => {
    await m.ask('usr_a', 'post', '/rooms', { chat_id: 'door' }).expect(201);
    const node = await m.listen(['u:usr_c']);
    for (const path of ['join', 'join', 'leave', 'leave'])
      await m.ask('usr_c', 'post', `/rooms/door/${path}`).expect(204);
    expect((await m.log('door')).map(({ type }) => type)).to.deep.equal([
      'member_joined',
      'member_joined',
      'member_left',
    ]);
    await eventually(() => node.records.length === 2);
    expect(
      node.records.map(({ kind, room, seq, frame }) => [kind, room, seq, JSON.parse(frame.toString()).type]),
    ).to.deep.equal([
      ['joined', 'door', 2, 'room_joined'],
      ['left', 'door', 3, 'room_removed'],
    ]);
    node.stop();
    expect((await m.ask('usr_a', 'get', '/rooms/door')).body.member_count).to.equal(1);
  });

  it('when the last owner leaves, the oldest moderator or else the oldest member becomes owner', async () => {
    await m.ask('usr_a', 'post', '/rooms', { chat_id: 'heirs', member_ids: ['usr_b', 'usr_c'] }).expect(201);
    await m.ask('usr_a', 'put', '/rooms/heirs/members/usr_c', { role: 'moderator' }).expect(200);
    await m.ask('usr_a', 'put', '/rooms/heirs/members/usr_a', { role: 'member' }).expect(409);
    await m.ask('usr_a', 'post', '/rooms/heirs/leave').expect(204);
    await m.ask('usr_c', 'post', '/rooms/heirs/leave').expect(204);
    const { body } = await m.ask('usr_b', 'get', '/rooms/heirs/members').expect(200);
    expect(body.members.map((one: any) => [one.user_id, one.username, one.role])).to.deep.equal([
      ['usr_b', 'b', 'owner'],
    ]);
    const heirs = (await m.log('heirs')).flatMap(({ member }) =>
      member === undefined ? [] : [`${member.user_id} ${member.role}`],
    );
    expect(heirs).to.deep.equal(['usr_c moderator', 'usr_c owner', 'usr_b owner']);
  });

  it('a deleted room is 404, its id cannot be reused, and its members’ connections leave it', async () => {
    await m.ask('usr_a', 'post', '/rooms', { chat_id: 'gone', member_ids: ['usr_b'] }).expect(201);
    await m.send('usr_b', { chat_id: 'gone', content: 'x' }).expect(201);
    const node = await m.listen(['u:usr_b']);
    await m.ask('usr_a', 'delete', '/rooms/gone').expect(204);
    await eventually(() => node.records.some(({ kind }) => kind === 'left'));
    node.stop();
    await m.ask('usr_a', 'get', '/rooms/gone').expect(404);
    await m.send('usr_a', { chat_id: 'gone', content: 'x' }).expect(404);
    await m.ask('usr_a', 'get', '/messages/?chat_id=gone').expect(404);
    await m.ask('usr_a', 'post', '/rooms', { chat_id: 'gone' }).expect(409);
    await m.ask('usr_a', 'post', '/rooms/gone/join').expect(404);
    const { body } = await m.inside('post', '/internal/heads', { rooms: ['gone', 'door'] });
    expect(body).to.deep.equal({ heads: { door: 3 }, versions: { door: 2 } });
  });

  it('own rooms are listed by latest activity, public rooms by search', async () => {
    await m.send('usr_o', { chat_id: 'act1', content: 'x' });
    await m.send('usr_o', { chat_id: 'act2', content: 'y' });
    await m.send('usr_o', { chat_id: 'act1', content: 'z' });
    const { body } = await m.ask('usr_o', 'get', '/rooms?limit=2').expect(200);
    expect([body.rooms.map((r: any) => [r.id, r.last_message.content]), body.has_more]).to.deep.equal([
      [
        ['act1', 'z'],
        ['act2', 'y'],
      ],
      true,
    ]);
    const found = await m.ask('usr_q', 'get', '/rooms/public?search=ACT').expect(200);
    expect(found.body.rooms.map((r: any) => [r.id, r.role])).to.deep.equal([
      ['act1', null],
      ['act2', null],
    ]);
    expect((await m.ask('usr_q', 'get', '/rooms/public?search=%25')).body.rooms).to.deep.equal([]);
    expect((await m.ask('usr_a', 'get', '/rooms/public?search=made')).body.rooms).to.deep.equal([]);
  });

  it('a public room is found by its name and topic, whatever their accents, case and apostrophes', async () => {
    const room = { chat_id: 'cafes', name: 'Cafés d’Île-de-France', topic: 'Straße' };
    await m.ask('usr_o', 'post', '/rooms', room).expect(201);
    const find = async (q: string): Promise<string[]> => {
      const { body } = await m.ask('usr_q', 'get', `/rooms/public?search=${encodeURIComponent(q)}`).expect(200);
      return body.rooms.map((r: any) => r.id);
    };
    for (const q of ['cafes', 'CAFÉS', "d'ile", 'STRASSE', 'ca\u00adfes'])
      expect(await find(q), q).to.deep.equal(['cafes']);
    await m.ask('usr_o', 'put', '/rooms/cafes', { name: 'Thé' }).expect(200);
    expect([await find('cafés d'), await find('the'), await find('strasse')]).to.deep.equal([[], ['cafes'], ['cafes']]);
    // As an older version does it.
    await m.ctx.db('rooms').where('id', 'cafes').update({ name: 'Crème', topic: null });
    expect([await find('crème'), await find('strasse')]).to.deep.equal([['cafes'], []]);
    await eventually(async () => (await find('creme')).length === 1);
  });

  it('a room’s name that nobody can see is refused, and an empty one is none', async () => {
    for (const name of ['   ', '\u200b', '\u3164', '\u2800'])
      await m.ask('usr_o', 'post', '/rooms', { chat_id: 'unseen', name }).expect(400);
    const { body } = await m.ask('usr_o', 'post', '/rooms', { chat_id: 'unseen', name: '' }).expect(201);
    expect(body.name).to.equal(null);
    await m.ask('usr_o', 'put', '/rooms/unseen', { name: ' ' }).expect(400);
    await m.ask('usr_o', 'put', '/rooms/unseen', { name: 'seen' }).expect(200);
    expect((await m.ask('usr_o', 'put', '/rooms/unseen', { name: '' }).expect(200)).body.name).to.equal(null);
    expect((await m.log('unseen')).at(-1)).to.include({ type: 'room_updated', name: null });
  });

  it('a direct room contains the id of the other user', async () => {
    await m.send('usr_d1', { recipient_id: 'usr_d2', content: 'x' });
    const [room] = (await m.ask('usr_d2', 'get', '/rooms')).body.rooms;
    expect(room).to.include({
      kind: 'direct',
      visibility: 'private',
      recipient_id: 'usr_d1',
      unread_count: 1,
      member_count: 2,
    });
  });

  it('nodes can read a user’s rooms and presence audience', async () => {
    const user_ids = ['usr_d2', 'usr_unheard'];
    const { body } = await m.inside('post', '/internal/rooms-of-users', { user_ids }).expect(200);
    const kindsOf = (user: string) => body.rooms[user].map((room: any) => room.kind).sort();
    expect(user_ids.map(kindsOf)).to.deep.equal([['direct', 'public'], ['public']]);
    const { peers } = (await m.inside('post', '/internal/peers-of-users', { user_ids }).expect(200)).body;
    expect(peers.usr_d2).to.include('usr_d1');
    expect(peers.usr_unheard).not.to.include('usr_unheard');
    const events = await m.inside('post', '/internal/events', {
      user_id: 'usr_d2',
      rooms: [
        { id: 'made', after: 0 },
        { id: 'door', after: 1, limit: 1 },
      ],
    });
    expect(
      events.body.rooms.map((r: any) => [r.id, r.readable, r.first_seq, r.last_seq, r.events.map((e: any) => e.seq)]),
    ).to.deep.equal([
      ['made', false, 0, 0, []],
      ['door', true, 1, 3, [2]],
    ]);
  });

  it('usernames and display names come from the newest account and profile facts', async () => {
    const { handlers } = await import('../src/facts.ts');
    const applyAccount = async (one: Facts['account.created']) =>
      await m.ctx.db.transaction(async (trx) => await handlers['account.created']?.([one], trx));
    const heardProfile = async (one: Omit<Facts['profile.updated'], 'bio' | 'avatar_url'>) =>
      await m.ctx.db.transaction(
        async (trx) => await handlers['profile.updated']?.([{ bio: '', avatar_url: null, ...one }], trx),
      );
    const account = {
      user_id: 'usr_f',
      username: 'fay',
      email: 'f@x',
      role: 'user',
      status: 'active',
      created_at: '2026-01-01T00:00:00.000Z',
    } as const;
    const person = async () => await m.ctx.db('people').where('user_id', 'usr_f').first('username', 'display_name');
    const early = await heardProfile({
      user_id: 'usr_f',
      display_name: 'x',
      updated_at: account.created_at,
    }).then(
      () => 'kept',
      () => 'again',
    );
    expect(early).to.equal('again');
    await applyAccount({ ...account, display_name: 'Fay', updated_at: '2026-01-01T00:00:02.000Z' });
    await applyAccount({ ...account, display_name: 'Fay', username: 'old', updated_at: '2026-01-01T00:00:01.000Z' });
    expect(await person()).to.deep.equal({ username: 'fay', display_name: 'Fay' });
    await heardProfile({ user_id: 'usr_f', display_name: 'Fay 2', updated_at: '2026-01-01T00:00:05.000Z' });
    await heardProfile({ user_id: 'usr_f', display_name: 'Fay 1', updated_at: '2026-01-01T00:00:04.000Z' });
    expect(await person()).to.deep.equal({ username: 'fay', display_name: 'Fay 2' });
    expect(await m.ctx.db('room_members').where({ room_id: 'general', user_id: 'usr_f' })).to.have.length(1);
  });
});
