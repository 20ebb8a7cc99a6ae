// Mute, slow mode and the word filter apply on all instances of message.
import { expect } from 'chai';
import { type Messages, openTwo } from './harness.ts';

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('moderation over two instances', () => {
  let one: Messages;
  let two: Messages;
  let made = 0;
  openTwo((a, b) => {
    [one, two] = [a, b];
  });

  async function room(): Promise<string> {
    const chat_id = `mod${made++}`;
    await one.ask('usr_owner', 'post', '/rooms', { chat_id, member_ids: ['usr_m', 'usr_n'] }).expect(201);
    // Both instances have cached that these users may post.
    for (const m of [one, two]) await m.send('usr_m', { chat_id, content: 'hi' }).expect(201);
    return chat_id;
  }
  const mute = (id: string, body: object = {}) => one.ask('usr_owner', 'put', `/rooms/${id}/members/usr_m/mute`, body);
  const slow = (id: string, slow_mode_seconds: number) =>
    one.ask('usr_owner', 'put', `/rooms/${id}`, { slow_mode_seconds }).expect(200);

  it('a muted member is refused on every instance at once, for sends, edits and reactions, but can read', async () => {
    const chat_id = await room();
    const { body: first } = await two.send('usr_m', { chat_id, content: 'before', client_id: 'k1' }).expect(201);
    expect((await mute(chat_id).expect(200)).body.muted_until).to.equal('9999-12-31T23:59:59.999Z');
    for (const m of [one, two]) {
      const { body } = await m.send('usr_m', { chat_id, content: 'x' }).expect(403);
      expect(body.code).to.equal('AUTHORIZATION_ERROR');
      await m.ask('usr_m', 'put', `/messages/${first.id}`, { content: 'edited' }).expect(403);
      await m.ask('usr_m', 'put', `/messages/${first.id}/reactions/%F0%9F%91%8D`).expect(403);
      await m.ask('usr_m', 'get', `/messages/?chat_id=${chat_id}`).expect(200);
      await m.send('usr_n', { chat_id, content: 'others go on' }).expect(201);
    }
    // A retry of an earlier send is still answered.
    expect((await one.send('usr_m', { chat_id, content: 'before', client_id: 'k1' }).expect(200)).body.id).to.equal(
      first.id,
    );
    await two.ask('usr_m', 'post', `/rooms/${chat_id}/leave`).expect(204);
    await two.send('usr_m', { chat_id, content: 'back again' }).expect(403);
    // Who is muted comes or goes once in 10 s.
    const { body: tooSoon, headers } = await one.ask('usr_m', 'post', `/rooms/${chat_id}/join`).expect(429);
    expect(tooSoon.code).to.equal('RATE_LIMIT_EXCEEDED');
    expect(Number(headers['retry-after'])).to.be.within(1, 10);
    await one.ctx
      .db('room_mutes')
      .where('room_id', chat_id)
      .update({ moved_at: new Date(Date.now() - 11_000) });
    await one.ask('usr_m', 'post', `/rooms/${chat_id}/join`).expect(204);
    await two.ask('usr_m', 'post', `/rooms/${chat_id}/leave`).expect(429);
    await two.ask('usr_m', 'post', `/rooms/${chat_id}/join`).expect(204);
    await one.send('usr_m', { chat_id, content: 'in again' }).expect(403);
    await one.ask('usr_owner', 'delete', `/rooms/${chat_id}/members/usr_m/mute`).expect(204);
    for (const m of [one, two]) await m.send('usr_m', { chat_id, content: 'y' }).expect(201);
  });

  it('a mute ends at its time', async () => {
    const chat_id = await room();
    await mute(chat_id, { until: new Date(Date.now() + 1200).toISOString() }).expect(200);
    await two.send('usr_m', { chat_id, content: 'x' }).expect(403);
    await wait(1300);
    await two.send('usr_m', { chat_id, content: 'x' }).expect(201);
    const { body } = await one.ask('usr_n', 'get', `/rooms/${chat_id}/members`).expect(200);
    expect(body.members.map((member: any) => member.muted_until)).to.deep.equal([null, null, null]);
    for (const until of ['2020-01-01T00:00:00Z', '2099-01-01T10:00-03', '2099-02-30T10:00:00Z', '2099-01-01T10:00:00'])
      expect((await mute(chat_id, { until }).expect(400)).body.details.fields[0].path).to.equal('until');
    const { body: muted } = await mute(chat_id, { until: '2099-01-01T10:00:00+05:30' }).expect(200);
    expect(muted.muted_until).to.equal('2099-01-01T04:30:00.000Z');
  });

  it('repeating a mute appends no event; only owners and admins can mute staff', async () => {
    const chat_id = await room();
    await mute(chat_id).expect(200);
    const { length } = await one.log(chat_id);
    await mute(chat_id).expect(200);
    expect(await one.log(chat_id)).to.have.length(length);
    await one.ask('usr_owner', 'put', `/rooms/${chat_id}/members/usr_n`, { role: 'moderator' }).expect(200);
    await one.ask('usr_n', 'put', `/rooms/${chat_id}/members/usr_owner/mute`).expect(403);
    await one.ask('usr_x', 'put', `/rooms/${chat_id}/members/usr_n/mute`, {}, 'user').expect(403);
    await one.ask('usr_x', 'put', `/rooms/${chat_id}/members/usr_m/mute`, {}, 'moderator').expect(200);
    await one.ask('usr_x', 'put', `/rooms/${chat_id}/members/usr_owner/mute`, {}, 'admin').expect(200);
    await one.send('usr_owner', { chat_id, content: 'x' }).expect(403);
    await one.ask('usr_owner', 'put', `/rooms/${chat_id}/members/usr_ghost/mute`).expect(404);
  });

  it('only admins mute admins and moderators of the installation, whatever they are in the room', async () => {
    const chat_id = await room();
    const staff = 'usr_installation1';
    await one.ask('usr_owner', 'post', `/rooms/${chat_id}/members`, { user_id: staff }).expect(201);
    const muteStaff = (user: string, role: 'user' | 'moderator' | 'admin') =>
      two.ask(user, 'put', `/rooms/${chat_id}/members/${staff}/mute`, {}, role);
    await muteStaff('usr_owner', 'user').expect(403);
    await muteStaff('usr_x', 'moderator').expect(403);
    await muteStaff('usr_m', 'user').expect(403);
    await one.send(staff, { chat_id, content: 'goes on' }).expect(201);
    await muteStaff('usr_x', 'admin').expect(200);
    await one.send(staff, { chat_id, content: 'x' }).expect(403);
  });

  it('nodes are told who may be seen typing: members who are not muted, in rooms that are not archived', async () => {
    const chat_id = await room();
    const mayType = async (...users: string[]) => {
      const typists = users.map((user_id) => ({ user_id, room_id: chat_id }));
      return (await two.inside('post', '/internal/may-type', { typists }).expect(200)).body.allowed;
    };
    await mute(chat_id).expect(200);
    expect(await mayType('usr_n', 'usr_m', 'usr_x')).to.deep.equal([true, false, false]);
    await one.ask('usr_owner', 'put', `/rooms/${chat_id}`, { archived: true }).expect(200);
    expect(await mayType('usr_n')).to.deep.equal([false]);
  });

  it('nodes can ask who left a room since a version of it', async () => {
    const chat_id = await room();
    const versionOf = async (): Promise<number> =>
      (await one.inside('post', '/internal/heads', { rooms: [chat_id] })).body.versions[chat_id];
    const leftSince = async (since: number) => {
      const body = { rooms: [{ id: chat_id, since }] };
      return (await two.inside('post', '/internal/leavings', body).expect(200)).body.leavings;
    };
    const before = await versionOf();
    await one.ask('usr_owner', 'delete', `/rooms/${chat_id}/members/usr_m`).expect(204);
    const { seq } = (await one.log(chat_id)).at(-1) as { seq: number };
    expect(await leftSince(before)).to.deep.equal([{ room_id: chat_id, user_id: 'usr_m', seq }]);
    expect(await leftSince(await versionOf())).to.deep.equal([]);
    await one.ask('usr_m', 'post', `/rooms/${chat_id}/join`).expect(204);
    expect(await leftSince(before)).to.deep.equal([]);
  });

  it('an edit is a send for slow mode: it waits for the interval and starts one', async () => {
    const chat_id = await room();
    const { body } = await one.send('usr_m', { chat_id, content: 'before' }).expect(201);
    const edit = (content: string, user = 'usr_m', id = body.id) =>
      two.ask(user, 'put', `/messages/${id}`, { content });
    await slow(chat_id, 2);
    await edit('first').expect(200);
    const { headers } = await edit('second').expect(429);
    expect(Number(headers['retry-after'])).to.be.within(1, 2);
    await edit('first').expect(200); // the same text is no change
    await one.send('usr_m', { chat_id, content: 'x' }).expect(429);
    await wait(2100);
    await one.send('usr_m', { chat_id, content: 'x' }).expect(201);
    await edit('third').expect(429);
    const own = await one.send('usr_owner', { chat_id, content: 'mine' }).expect(201);
    for (const content of ['a', 'b']) await edit(content, 'usr_owner', own.body.id).expect(200);
  });

  it('slow mode lets each member send once per interval, with concurrent sends on all instances', async () => {
    const chat_id = await room();
    await slow(chat_id, 2);
    const at: number[] = [];
    for (const end = Date.now() + 5500; Date.now() < end; ) {
      const tries = [one, two, one, two].map((m, i) => m.send('usr_m', { chat_id, content: `t${i}` }));
      for (const { status, body, headers } of await Promise.all(tries)) {
        if (status === 201) at.push(Date.parse(body.created_at));
        else {
          expect(body.code).to.equal('RATE_LIMIT_EXCEEDED');
          expect(Number(headers['retry-after'])).to.be.within(1, 2);
          expect(body.details.retry_after_s).to.equal(Number(headers['retry-after']));
        }
      }
      await wait(50);
    }
    expect(at.length).to.be.within(2, 3);
    for (const [i, time] of at.entries()) if (i > 0) expect(time - (at[i - 1] as number)).to.be.at.least(2000);
    for (const m of [one, two]) await m.send('usr_owner', { chat_id, content: 'owners are not held back' }).expect(201);
  });

  it('a refused or failed send uses neither the interval nor the client_id; a retry is answered', async () => {
    const chat_id = await room();
    await slow(chat_id, 3600);
    await one.send('usr_m', { chat_id, content: 'x', reply_to: 'msg_none' }).expect(400);
    const { body: first } = await two.send('usr_m', { chat_id, content: 'a', client_id: 'k1' }).expect(201);
    await one.send('usr_m', { chat_id, content: 'b', client_id: 'k2' }).expect(429);
    expect((await one.send('usr_m', { chat_id, content: 'a', client_id: 'k1' }).expect(200)).body.id).to.equal(
      first.id,
    );
    await one.send('usr_m', { chat_id, content: 'other', client_id: 'k1' }).expect(409);
    await slow(chat_id, 0);
    await two.send('usr_m', { chat_id, content: 'b', client_id: 'k2' }).expect(201);
  });

  it('slow mode does not apply to moderators, and applies again after they lose the role', async () => {
    const chat_id = await room();
    await slow(chat_id, 3600);
    const role = (name: string) => one.ask('usr_owner', 'put', `/rooms/${chat_id}/members/usr_m`, { role: name });
    await role('moderator').expect(200);
    for (const m of [one, two, one]) await m.send('usr_m', { chat_id, content: 'x' }).expect(201);
    await role('member').expect(200);
    await two.send('usr_m', { chat_id, content: 'x' }).expect(201);
    await one.send('usr_m', { chat_id, content: 'x' }).expect(429);
  });

  it('a new word filter applies on all instances within 2 s, to sends and edits, and survives a restart', async () => {
    const chat_id = await room();
    const words = [
      { word: 'heck', action: 'mask' },
      { word: 'curse', action: 'block' },
    ];
    const { body: before } = await two.send('usr_m', { chat_id, content: 'curse', client_id: 'w1' }).expect(201);
    await one.inside('put', '/internal/word-filter', { words }).expect(200);
    await one.inside('put', '/internal/word-filter', { words: [{ word: '++', action: 'mask' }] }).expect(400);
    await one
      .inside('put', '/internal/word-filter', { words: [words[0], { word: 'HECK', action: 'block' }] })
      .expect(400);
    await wait(1500);
    const three = await one.twin();
    for (const m of [one, two, three]) {
      expect((await m.send('usr_m', { chat_id, content: 'What the Heck!' }).expect(201)).body.content).to.equal(
        'What the ****!',
      );
      const { body } = await m.send('usr_m', { chat_id, content: 'A CURSE' }).expect(400);
      expect(body.details.fields[0].path).to.equal('content');
      await m.ask('usr_m', 'put', `/messages/${before.id}`, { content: 'a curse' }).expect(400);
    }
    const { body: edited } = await two.ask('usr_m', 'put', `/messages/${before.id}`, { content: 'heck' }).expect(200);
    expect(edited.content).to.equal('****');
    // The send was accepted before the word was blocked: a retry gets the same result.
    expect((await two.send('usr_m', { chat_id, content: 'curse', client_id: 'w1' }).expect(200)).body.id).to.equal(
      before.id,
    );
    expect(JSON.stringify(await one.log(chat_id))).to.not.match(/heck/i);
    await three.close();
    await one.inside('put', '/internal/word-filter', { words: [] }).expect(200);
  });
});
