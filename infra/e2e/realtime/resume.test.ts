import { expect } from 'chai';
import { type Account, type Json, privateRoom, register, rest, say, unique } from '../support/client.ts';
import { nodes } from '../support/cluster.ts';
import { closeAll, connect, type Live } from '../support/socket.ts';
import '../support/shared-cluster.ts';

const durable = (live: Live, room: string): Json[] =>
  live.frames.filter((f) => f.chat_id === room && typeof f.seq === 'number' && f.type !== 'ack');

describe('resume', () => {
  let ann: Account;
  let bob: Account;
  let room: string;
  before(async () => {
    [ann, bob] = [await register('ann'), await register('bob')];
  });
  beforeEach(async () => {
    room = await privateRoom(ann, [bob], 'resume');
  });
  afterEach(closeAll);

  async function resume(live: Live, rooms: Record<string, number>): Promise<Json> {
    live.send({ type: 'resume', rooms });
    return (await live.next('resumed', undefined, 10_000)).rooms;
  }

  it('continues on the other node with everything missed: messages, edits, deletes, reactions', async () => {
    const before = await connect(bob, nodes()[0]);
    const first = await say(ann, { chat_id: room, content: 'seen' });
    await before.next('message');
    await before.close();
    const missed = await say(ann, { chat_id: room, content: 'missed' });
    await rest(ann).put(`/messages/${first.id}`, { content: 'seen, edited' }).expect(200);
    await rest(ann).put(`/messages/${missed.id}/reactions/${encodeURIComponent('👍')}`);
    await rest(ann).delete(`/messages/${missed.id}`).expect(204);
    const after = await connect(bob, nodes()[1]);
    const rooms = await resume(after, { [room]: 3 });
    expect(rooms[room]).to.deep.equal({
      from: 3,
      to: 7,
      complete: true,
      read_seq: 0,
      unread_count: 1,
      last_seq: 7,
    });
    const got = durable(after, room);
    expect(got.map((f) => [f.type, f.seq])).to.deep.equal([
      ['message', 4],
      ['message_updated', 5],
      ['reaction', 6],
      ['message_deleted', 7],
    ]);
    expect(JSON.stringify(got[0])).to.not.include('missed');
  });

  it('replays without gaps and in order while others write', async () => {
    for (let i = 0; i < 100; i++) await say(ann, { chat_id: room, content: `old ${i}` });
    const a = await connect(ann, nodes()[0]);
    let writing = true;
    const writer = (async () => {
      for (let i = 0; writing; i++) {
        a.send({ message: `new ${i}`, chat_id: room });
        await a.next('ack');
      }
      return say(ann, { chat_id: room, content: 'the end' });
    })();
    const b = await connect(bob, nodes()[1]);
    expect((await resume(b, { [room]: 0 }))[room]).to.include({ from: 0, complete: true });
    writing = false;
    const { seq: last } = await writer;
    await b.next('message', (m) => m.content === 'the end');
    const seqs = durable(b, room).map((f) => f.seq);
    // Live frames may arrive before the resume is read; after the one step back to 1, each is the
    // next.
    const replay = seqs.slice(seqs.lastIndexOf(1));
    expect(replay).to.deep.equal(Array.from({ length: last }, (_, i) => i + 1));
  });

  it('serves a new room up to its end', async () => {
    for (let i = 0; i < 10; i++) {
      const fresh = unique('fresh');
      const make = { chat_id: fresh, visibility: 'private', member_ids: [bob.id] };
      await rest(ann).post('/rooms', make).expect(201);
      const b = await connect(bob, nodes()[i % 2]);
      expect((await resume(b, { [fresh]: 1 }))[fresh]).to.include({ from: 1, to: 2, complete: true, unread_count: 0 });
      b.ws.terminate();
    }
  });

  it('reports what it cannot serve, and serves the rest', async () => {
    const secret = unique('secret');
    await rest(ann).post('/rooms', { chat_id: secret, visibility: 'private' }).expect(201);
    const b = await connect(bob, nodes()[1]);
    const rooms = await resume(b, { [room]: 1, [secret]: 0, 'no-such-room': 0, general: 1_000_000_000 });
    expect(rooms[room]).to.include({ from: 1, to: 2, complete: true, unread_count: 0 });
    for (const id of [secret, 'no-such-room', 'general']) expect(rooms[id].complete, id).to.equal(false);
    for (const id of [secret, 'no-such-room']) expect(rooms[id]).to.not.have.property('unread_count');
    b.send({ type: 'resume', rooms: { [room]: -1 } });
    expect((await b.next('error')).code).to.equal('VALIDATION_ERROR');
  });

  it('ends with exactly the room’s state after hundreds of events', async function () {
    this.timeout(20_000);
    const ids: string[] = [];
    for (let i = 0; i < 15; i++)
      ids.push(
        ...(
          await Promise.all(Array.from({ length: 10 }, (_, k) => say(ann, { chat_id: room, content: `${i}-${k}` })))
        ).map((m) => m.id),
      );
    await Promise.all(
      ids.map((id, i) => (i % 3 === 0 ? rest(ann).put(`/messages/${id}`, { content: `edited ${i}` }) : undefined)),
    );
    await Promise.all(ids.map((id, i) => (i % 5 === 0 ? rest(ann).delete(`/messages/${id}`) : undefined)));
    const b = await connect(bob, nodes()[1]);
    await resume(b, { [room]: 0 });
    const frames = durable(b, room);
    // This node may have delivered the newest of them live when it read the resume: the replay
    // begins at 1.
    const replay = frames.slice(frames.map((f) => f.seq).lastIndexOf(1));
    expect(replay.map((f) => f.seq)).to.deep.equal(replay.map((_, i) => i + 1));
    const state = new Map<string, string>();
    for (const f of replay) {
      if (f.type === 'message') state.set(f.id, f.content);
      if (f.type === 'message_updated') state.set(f.message_id, f.content);
      if (f.type === 'message_deleted') state.set(f.message_id, '');
    }
    const history: Json[] = [];
    for (let after = 0, more = true; more; ) {
      const { body } = await rest(bob).get(`/messages/?chat_id=${room}&after_seq=${after}&limit=100`).expect(200);
      history.push(...body.messages);
      more = body.has_more;
      after = history.at(-1).seq;
    }
    expect([...state]).to.deep.equal(history.map((m) => [m.id, m.content]));
    expect(state.size).to.equal(150);
  });
});
