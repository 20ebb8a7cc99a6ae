// Rooms that lost their owner, and positions that outlive a membership, over two instances.
import { served } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { orderErasures } from '../src/erasure/erasure-store.ts';
import { type Messages, openTwo } from './harness.ts';

describe('rooms without an owner', () => {
  let one: Messages;
  let two: Messages;
  let room: string;
  let made = 0;
  openTwo((a, b) => {
    [one, two] = [a, b];
  });
  beforeEach(() => {
    room = `owned${made++}`;
  });

  const membersOf = async (id = room): Promise<string[]> =>
    (await one.ask('usr_reader', 'get', `/rooms/${id}/members`).expect(200)).body.members.map(
      ({ user_id, role }: Record<string, string>) => `${user_id} ${role}`,
    );
  const rolesIn = async (id = room): Promise<string[]> =>
    (await one.log(id))
      .filter(({ type }) => type === 'member_joined' || type === 'room_updated')
      .map(({ type, user_id, role, member }) => `${type} ${user_id ?? member?.user_id} ${role ?? member?.role}`);
  /** A public room that its owner has left. */
  async function abandoned(): Promise<void> {
    await one.send('usr_a', { chat_id: room, content: 'mine' }).expect(201);
    await one.ask('usr_a', 'post', `/rooms/${room}/leave`).expect(204);
  }
  /** Also without an owner, but with members, as versions before left them behind. */
  async function ownerless(...members: string[]): Promise<void> {
    await one.ask('usr_a', 'post', '/rooms', { chat_id: room, member_ids: members }).expect(201);
    // Both instances have cached that these users may post.
    for (const m of [one, two])
      for (const user of members) await m.send(user, { chat_id: room, content: 'hi' }).expect(201);
    await one.ctx.db('room_members').where({ room_id: room, user_id: 'usr_a' }).delete();
    await one.ctx.db('rooms').where('id', room).increment('version', 1);
  }

  it('who joins first becomes owner, with all rights of one', async () => {
    await abandoned();
    await two.ask('usr_b', 'post', `/rooms/${room}/join`).expect(204);
    expect((await one.ask('usr_b', 'get', `/rooms/${room}`)).body.role).to.equal('owner');
    await one.ask('usr_c', 'post', `/rooms/${room}/join`).expect(204);
    expect(await membersOf()).to.deep.equal(['usr_b owner', 'usr_c member']);
    expect((await rolesIn()).slice(1)).to.deep.equal(['member_joined usr_b owner', 'member_joined usr_c member']);
    await one.ask('usr_b', 'put', `/rooms/${room}`, { name: 'Taken over', visibility: 'private' }).expect(200);
  });

  it('who posts first becomes owner, by REST and from a socket', async () => {
    await abandoned();
    await two.send('usr_b', { chat_id: room, content: 'anybody?' }).expect(201);
    expect(await membersOf()).to.deep.equal(['usr_b owner']);
    await one.ask('usr_b', 'post', `/rooms/${room}/leave`).expect(204);
    const sends = [
      { sender_id: 'usr_c', role: 'user', origin: '', request_id: 'r', body: { chat_id: room, content: 'x' } },
    ];
    const { body } = await two.inside('post', '/internal/sends', { node: 'n', sends }).expect(200);
    expect(body.results[0].ok).to.equal(true);
    expect(await membersOf()).to.deep.equal(['usr_c owner']);
  });

  it('a member who is there and posts or joins again becomes owner, although instances had cached them', async () => {
    await ownerless('usr_b', 'usr_c');
    await two.send('usr_c', { chat_id: room, content: 'still here' }).expect(201);
    expect(await membersOf()).to.deep.equal(['usr_b member', 'usr_c owner']);
    expect((await rolesIn()).at(-1)).to.equal('room_updated usr_c owner');
    await one.send('usr_b', { chat_id: room, content: 'me too' }).expect(201);
    expect(await membersOf()).to.deep.equal(['usr_b member', 'usr_c owner']);
    room = `owned${made++}`;
    await ownerless('usr_b');
    await one.ask('usr_b', 'post', `/rooms/${room}/join`).expect(204);
    expect(await membersOf()).to.deep.equal(['usr_b owner']);
  });

  it('a member of a private room takes it over too, a stranger stays outside', async () => {
    await ownerless('usr_b');
    await one.ctx.db('rooms').where('id', room).update({ kind: 'private' });
    await one.send('usr_x', { chat_id: room, content: 'x' }).expect(404);
    await one.send('usr_b', { chat_id: room, content: 'y' }).expect(201);
    expect((await one.ask('usr_b', 'get', `/rooms/${room}`)).body.role).to.equal('owner');
  });

  it('when ten post and join at once, on two instances, exactly one becomes owner', async () => {
    for (let round = 0; round < 5; round++) {
      room = `owned${made++}`;
      await abandoned();
      await Promise.all(
        Array.from({ length: 10 }, async (_, i) => {
          const m = i % 2 === 0 ? one : two;
          const user = `usr_p${i}`;
          const joins = i % 3 === 0;
          const { status } = await served(() =>
            joins ? m.ask(user, 'post', `/rooms/${room}/join`) : m.send(user, { chat_id: room, content: 'first!' }),
          );
          expect(status).to.equal(joins ? 204 : 201);
        }),
      );
      const roles = (await membersOf()).map((one) => one.split(' ')[1]);
      expect(roles.sort()).to.deep.equal([...Array.from({ length: 9 }, () => 'member'), 'owner']);
      const seqs = (await one.log(room)).map(({ seq }) => seq);
      expect(seqs).to.deep.equal(seqs.map((_, i) => i + 1));
    }
  });

  it('a sole owner who is erased leaves the room to who comes next', async () => {
    await one.send('usr_gone', { chat_id: room, content: 'x' }).expect(201);
    await one.ctx.db.transaction((trx) =>
      orderErasures(trx, [{ user_id: 'usr_gone', erased_at: new Date().toISOString() }]),
    );
    await expectEventually(async () => expect(await membersOf()).to.deep.equal([]));
    await two.send('usr_b', { chat_id: room, content: 'y' }).expect(201);
    expect(await membersOf()).to.deep.equal(['usr_b owner']);
  });

  it('who is muted does not take a room over', async () => {
    await one.ask('usr_a', 'post', '/rooms', { chat_id: room, member_ids: ['usr_b'] }).expect(201);
    await one.ask('usr_a', 'put', `/rooms/${room}/members/usr_b/mute`).expect(200);
    await one.ask('usr_b', 'post', `/rooms/${room}/leave`).expect(204);
    await one.ask('usr_a', 'post', `/rooms/${room}/leave`).expect(204);
    await one.ctx.db('room_mutes').where('room_id', room).update({ moved_at: null });
    await one.ask('usr_b', 'post', `/rooms/${room}/join`).expect(204);
    await two.ask('usr_c', 'post', `/rooms/${room}/join`).expect(204);
    expect(await membersOf()).to.deep.equal(['usr_b member', 'usr_c owner']);
  });

  it('general and direct rooms never get an owner', async () => {
    await one.send('usr_b', { chat_id: 'general', content: 'x' }).expect(201);
    await one.ask('usr_b', 'post', '/rooms/general/join').expect(204);
    const { body } = await one.send('usr_b', { recipient_id: 'usr_c', content: 'x' }).expect(201);
    await two.send('usr_c', { chat_id: body.chat_id, content: 'y' }).expect(201);
    const owners = await one.ctx
      .db('room_members')
      .whereIn('room_id', ['general', body.chat_id])
      .where('role', 'owner');
    expect(owners).to.deep.equal([]);
  });

  it('who leaves and comes back, by joining, posting or being added, has read what they had read', async () => {
    const seen = async (user: string) => {
      const { read_seq, unread_count } = (await one.ask(user, 'get', `/rooms/${room}`)).body;
      return [read_seq, unread_count];
    };
    await one.ask('usr_a', 'post', '/rooms', { chat_id: room }).expect(201);
    for (let i = 0; i < 4; i++) await one.send('usr_a', { chat_id: room, content: `m${i}` }).expect(201);
    await one.ask('usr_b', 'post', `/rooms/${room}/join`).expect(204);
    await one.ask('usr_b', 'put', `/rooms/${room}/read`, { seq: 4 }).expect(204);
    expect(await seen('usr_b')).to.deep.equal([4, 1]);
    const comeBack = {
      join: (m: Messages) => m.ask('usr_b', 'post', `/rooms/${room}/join`).expect(204),
      post: (m: Messages) => m.send('usr_b', { chat_id: room, content: 'back' }).expect(201),
      add: (m: Messages) => m.ask('usr_a', 'post', `/rooms/${room}/members`, { user_id: 'usr_b' }).expect(201),
    };
    for (const [how, back] of Object.entries(comeBack)) {
      await (how === 'add'
        ? one.ask('usr_a', 'delete', `/rooms/${room}/members/usr_b`)
        : one.ask('usr_b', 'post', `/rooms/${room}/leave`)
      ).expect(204);
      await back(two);
      expect(await seen('usr_b'), how).to.deep.equal([4, 1]);
    }
    // What came meanwhile is unread.
    await one.ask('usr_b', 'post', `/rooms/${room}/leave`).expect(204);
    await one.send('usr_a', { chat_id: room, content: 'meanwhile' }).expect(201);
    await one.ask('usr_b', 'post', `/rooms/${room}/join`).expect(204);
    expect(await seen('usr_b')).to.deep.equal([4, 2]);
  });

  it('the position of a former member is erased with the account', async () => {
    await one.ask('usr_a', 'post', '/rooms', { chat_id: room, member_ids: ['usr_z'] }).expect(201);
    await one.ask('usr_z', 'put', `/rooms/${room}/read`, { seq: 2 }).expect(204);
    await one.ask('usr_z', 'post', `/rooms/${room}/leave`).expect(204);
    const kept = () => one.ctx.db('former_members').where('user_id', 'usr_z');
    expect(await kept()).to.have.length(1);
    await one.ctx.db.transaction((trx) =>
      orderErasures(trx, [{ user_id: 'usr_z', erased_at: new Date().toISOString() }]),
    );
    await expectEventually(async () => expect(await kept()).to.deep.equal([]));
  });
});

async function expectEventually(check: () => Promise<unknown>): Promise<void> {
  for (const end = Date.now() + 5000; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
    try {
      await check();
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
    }
  }
}
