// Mute, slow mode and the word filter over two instances of message: what holds on one holds on the other.
import { expect } from 'chai';
import { type Messages, openMessages } from './harness.ts';

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('moderation over two instances', () => {
  let one: Messages;
  let two: Messages;
  let made = 0;
  before(async () => {
    one = await openMessages();
    two = await one.twin();
  });
  after(async () => {
    await two?.close();
    await one?.close();
  });

  async function room(): Promise<string> {
    const chat_id = `mod${made++}`;
    await one.ask('usr_owner', 'post', '/rooms', { chat_id, member_ids: ['usr_m', 'usr_n'] }).expect(201);
    // Both instances know that they may post.
    for (const m of [one, two]) await m.send('usr_m', { chat_id, content: 'hi' }).expect(201);
    return chat_id;
  }
  const mute = (id: string, body: object = {}) => one.ask('usr_owner', 'put', `/rooms/${id}/members/usr_m/mute`, body);
  const slow = (id: string, slow_mode_seconds: number) =>
    one.ask('usr_owner', 'put', `/rooms/${id}`, { slow_mode_seconds }).expect(200);

  it('a muted member is refused on every instance at once, by any way of speaking, and reads on', async () => {
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
    // A lost answer is still answered.
    expect((await one.send('usr_m', { chat_id, content: 'before', client_id: 'k1' }).expect(200)).body.id).to.equal(
      first.id,
    );
    await two.ask('usr_m', 'post', `/rooms/${chat_id}/leave`).expect(204);
    await two.send('usr_m', { chat_id, content: 'back again' }).expect(403);
    await one.ask('usr_m', 'post', `/rooms/${chat_id}/join`).expect(204);
    await one.send('usr_m', { chat_id, content: 'in again' }).expect(403);
    await one.ask('usr_owner', 'delete', `/rooms/${chat_id}/members/usr_m/mute`).expect(204);
    for (const m of [one, two]) await m.send('usr_m', { chat_id, content: 'y' }).expect(201);
  });

  it('a mute ends by itself', async () => {
    const chat_id = await room();
    await mute(chat_id, { until: new Date(Date.now() + 1200).toISOString() }).expect(200);
    await two.send('usr_m', { chat_id, content: 'x' }).expect(403);
    await wait(1300);
    await two.send('usr_m', { chat_id, content: 'x' }).expect(201);
    const { body } = await one.ask('usr_n', 'get', `/rooms/${chat_id}/members`).expect(200);
    expect(body.members.map((member: any) => member.muted_until)).to.deep.equal([null, null, null]);
    await mute(chat_id, { until: '2020-01-01T00:00:00Z' }).expect(400);
  });

  it('the same mute again makes no event; staff is muted by owners and admins alone', async () => {
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

  it('slow mode lets each member send once per interval, exactly, however many try where', async () => {
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

  it('a refused or failed send takes neither the turn nor the client_id; a repeat is answered', async () => {
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

  it('who is made a moderator is free of slow mode, who is unmade is not any more', async () => {
    const chat_id = await room();
    await slow(chat_id, 3600);
    const role = (name: string) => one.ask('usr_owner', 'put', `/rooms/${chat_id}/members/usr_m`, { role: name });
    await role('moderator').expect(200);
    for (const m of [one, two, one]) await m.send('usr_m', { chat_id, content: 'x' }).expect(201);
    await role('member').expect(200);
    await two.send('usr_m', { chat_id, content: 'x' }).expect(201);
    await one.send('usr_m', { chat_id, content: 'x' }).expect(429);
  });

  it('the word filter holds on all instances within 2 s, for sends and edits, and outlives them', async () => {
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
    // It was taken before the word was blocked: a retry hears so.
    expect((await two.send('usr_m', { chat_id, content: 'curse', client_id: 'w1' }).expect(200)).body.id).to.equal(
      before.id,
    );
    expect(JSON.stringify(await one.log(chat_id))).to.not.match(/heck/i);
    await three.close();
    await one.inside('put', '/internal/word-filter', { words: [] }).expect(200);
  });
});
