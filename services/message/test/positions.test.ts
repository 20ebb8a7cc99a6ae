import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import fc from 'fast-check';
import { type Messages, openMessages } from './harness.ts';

describe('positions', () => {
  let m: Messages;
  before(async () => {
    m = await openMessages();
  });
  after(() => m?.close());

  const room = async (user: string, id: string) => {
    const { body } = await m.ask(user, 'get', `/rooms/${id}`).expect(200);
    return { read_seq: body.read_seq, unread: body.unread_count };
  };

  it('a read position never moves back and is clamped to the head', async () => {
    await m.ask('usr_a', 'post', '/rooms', { chat_id: 'read', member_ids: ['usr_b'] });
    for (let i = 0; i < 5; i++) await m.send('usr_a', { chat_id: 'read', content: `${i}` });
    expect(await room('usr_b', 'read')).to.deep.equal({ read_seq: 0, unread: 5 });
    await m.ask('usr_b', 'put', '/rooms/read/read', { seq: 4 }).expect(204);
    expect(await room('usr_b', 'read')).to.deep.equal({ read_seq: 4, unread: 3 });
    await m.ask('usr_b', 'put', '/rooms/read/read', { seq: 2 }).expect(204);
    expect(await room('usr_b', 'read')).to.deep.equal({ read_seq: 4, unread: 3 });
    await m.ask('usr_b', 'put', '/rooms/read/read', { seq: 9_000_000 }).expect(204);
    expect(await room('usr_b', 'read')).to.deep.equal({ read_seq: 7, unread: 0 });
    await m.ask('usr_b', 'put', '/rooms/read/read', { seq: -1 }).expect(400);
    await m.ask('usr_b', 'put', '/rooms/none/read', { seq: 1 }).expect(404);
  });

  it('the status follows the positions of others, and the sender is notified once per step', async () => {
    await m.ask('usr_a', 'post', '/rooms', { chat_id: 'status', member_ids: ['usr_b', 'usr_c'] });
    const { body } = await m.send('usr_a', { chat_id: 'status', content: 'x' });
    const status = async () => (await m.ask('usr_a', 'get', `/messages/${body.id}`)).body.status;
    const node = await m.listen(['u:usr_a']);
    const move = async (user_id: string, position: object) =>
      await m
        .inside('post', '/internal/positions', { positions: [{ room_id: 'status', user_id, ...position }] })
        .expect(204);
    await move('usr_a', { delivered_seq: body.seq, read_seq: body.seq });
    expect(await status()).to.equal('sent');
    await move('usr_b', { delivered_seq: body.seq });
    expect(await status()).to.equal('delivered');
    await move('usr_c', { delivered_seq: body.seq });
    await move('usr_c', { read_seq: body.seq });
    expect(await status()).to.equal('read');
    await move('usr_b', { read_seq: body.seq });
    await move('usr_stranger', { read_seq: body.seq });
    const statuses = () =>
      node.records.map(({ frame }) => JSON.parse(frame.toString())).filter(({ type }) => type === 'message_status');
    await eventually(() => statuses().length >= 2);
    await new Promise((resolve) => setTimeout(resolve, 100));
    node.stop();
    const frames = statuses();
    expect(frames.map(({ type, message_id, status: s }) => [type, message_id, s])).to.deep.equal([
      ['message_status', body.id, 'delivered'],
      ['message_status', body.id, 'read'],
    ]);
  });

  it('a position that moves is told to its user, with what is unread as of a seq, and not if it stays', async () => {
    await m.ask('usr_a', 'post', '/rooms', { chat_id: 'devices', member_ids: ['usr_b'] });
    const { body: first } = await m.send('usr_a', { chat_id: 'devices', content: '1' });
    const { body: second } = await m.send('usr_a', { chat_id: 'devices', content: '2' });
    const node = await m.listen(['u:usr_b', 'u:usr_a']);
    const read = (positions: object[]) => m.inside('post', '/internal/positions', { positions }).expect(204);
    const position = { room_id: 'devices', user_id: 'usr_b' };
    await read([{ ...position, read_seq: first.seq, origin: 'con_1' }]);
    await read([{ ...position, read_seq: first.seq, origin: 'con_1' }]);
    await read([
      { ...position, read_seq: first.seq, origin: 'con_1' },
      { ...position, read_seq: second.seq, origin: 'con_2' },
    ]);
    await m.ask('usr_b', 'put', '/rooms/devices/read', { seq: 1 }).expect(204);
    const reads = () =>
      node.records.flatMap(({ topic, origin, room, frame }) => {
        const { type, timestamp, ...rest } = JSON.parse(frame.toString());
        return type === 'read' ? [{ topic, origin, room, ...rest }] : [];
      });
    await eventually(() => reads().length >= 2);
    await new Promise((resolve) => setTimeout(resolve, 100));
    node.stop();
    const told = { topic: 'u:usr_b', room: '', chat_id: 'devices', last_seq: second.seq };
    expect(reads()).to.deep.equal([
      { ...told, origin: 'con_1', read_seq: first.seq, unread_count: 1 },
      { ...told, origin: '', read_seq: second.seq, unread_count: 0 },
    ]);
    const { body } = await m.inside('post', '/internal/read-states', {
      asked: [
        { user_id: 'usr_b', rooms: ['devices', 'none'] },
        { user_id: 'usr_a', rooms: ['devices'] },
        { user_id: 'usr_stranger', rooms: ['devices'] },
      ],
    });
    expect(body.states).to.have.deep.members([
      { room_id: 'devices', user_id: 'usr_b', read_seq: second.seq, unread_count: 0, last_seq: second.seq },
      { room_id: 'devices', user_id: 'usr_a', read_seq: 0, unread_count: 0, last_seq: second.seq },
    ]);
  });

  it('for any moves, each status change is notified once and matches the history', async () => {
    const users = ['usr_x', 'usr_y', 'usr_z'];
    const someone = fc.nat(2).map((i) => users[i] as string);
    const move = fc.record({
      user_id: someone,
      delivered_seq: fc.nat(14),
      read_seq: fc.oneof(fc.constant(0), fc.nat(14)),
    });
    const node = await m.listen(users.map((user) => `u:${user}`));
    const notified = (): string[] =>
      node.records
        .map(({ frame }) => JSON.parse(frame.toString()))
        .filter(({ type }) => type === 'message_status')
        .map(({ chat_id, message_id, status }) => `${chat_id} ${message_id} ${status}`);
    const expected: string[] = [];
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(someone, { minLength: 4, maxLength: 10 }),
        fc.array(fc.array(move, { minLength: 1, maxLength: 4 }), { maxLength: 8 }),
        async (senders, calls) => {
          const chat_id = `moved${run++}`;
          await m.ask('usr_x', 'post', '/rooms', { chat_id, member_ids: users.slice(1) }).expect(201);
          const messages: { id: string; seq: number; by: string; status: string }[] = [];
          for (const by of senders) {
            const { body } = await m.send(by, { chat_id, content: 'x' }).expect(201);
            messages.push({ id: body.id, seq: body.seq, by, status: 'sent' });
          }
          const steps = ['sent', 'delivered', 'read'];
          const far = new Map(users.map((user) => [user, { delivered_seq: 0, read_seq: 0 }]));
          for (const moves of calls) {
            const positions = moves.map((one) => ({ room_id: chat_id, ...one }));
            await m.inside('post', '/internal/positions', { positions }).expect(204);
            for (const { user_id, delivered_seq, read_seq } of moves) {
              const known = far.get(user_id) as { delivered_seq: number; read_seq: number };
              known.delivered_seq = Math.max(known.delivered_seq, delivered_seq);
              known.read_seq = Math.max(known.read_seq, read_seq);
            }
            for (const message of messages) {
              const others = [...far].filter(([user]) => user !== message.by).map(([, known]) => known);
              const is = others.some(({ read_seq }) => read_seq >= message.seq)
                ? 'read'
                : others.some(({ delivered_seq }) => delivered_seq >= message.seq)
                  ? 'delivered'
                  : 'sent';
              if (steps.indexOf(is) > steps.indexOf(message.status)) expected.push(`${chat_id} ${message.id} ${is}`);
              message.status = is;
            }
          }
          const { body } = await m.ask('usr_x', 'get', `/messages?chat_id=${chat_id}&limit=50`).expect(200);
          const shown = new Map(body.messages.map(({ id, status }: { id: string; status: string }) => [id, status]));
          for (const { id, status } of messages) expect(shown.get(id)).to.equal(status);
        },
      ),
      { numRuns: 25 },
    );
    await eventually(() => notified().length >= expected.length);
    await new Promise((resolve) => setTimeout(resolve, 100));
    node.stop();
    expect(notified().sort()).to.deep.equal(expected.sort());
  }).timeout(60_000);

  it('the unread count is exact after sends, deletes and reads in any order', async () => {
    const users = ['usr_1', 'usr_2', 'usr_3'];
    const act = fc.oneof(
      fc.record({ do: fc.constant('send' as const), who: fc.nat(2) }),
      fc.record({ do: fc.constant('delete' as const), n: fc.nat(20) }),
      fc.record({ do: fc.constant('read' as const), who: fc.nat(2), seq: fc.nat(25) }),
    );
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 16 }), async (acts) => {
        const chat_id = `model${run++}`;
        await m.ask('usr_1', 'post', '/rooms', { chat_id, member_ids: users.slice(1) }).expect(201);
        const sent: { id: string; seq: number; by: string; gone: boolean }[] = [];
        const read = new Map(users.map((user) => [user, 0]));
        let head = 3;
        for (const a of acts) {
          if (a.do === 'send') {
            const by = users[a.who] as string;
            const { body } = await m.send(by, { chat_id, content: 'x' });
            sent.push({ id: body.id, seq: body.seq, by, gone: false });
            head++;
          } else if (a.do === 'delete') {
            const one = sent[a.n % Math.max(sent.length, 1)];
            if (one === undefined || one.gone) continue;
            one.gone = true;
            head++;
            await m.ask(one.by, 'delete', `/messages/${one.id}`).expect(204);
          } else {
            const user = users[a.who] as string;
            await m.ask(user, 'put', `/rooms/${chat_id}/read`, { seq: a.seq }).expect(204);
            read.set(user, Math.max(read.get(user) as number, Math.min(a.seq, head)));
          }
        }
        for (const user of users) {
          const unread = sent.filter(
            ({ by, gone, seq }) => by !== user && !gone && seq > (read.get(user) as number),
          ).length;
          expect(await room(user, chat_id)).to.deep.equal({ read_seq: read.get(user), unread });
        }
      }),
      { numRuns: 15 },
    );
  }).timeout(30_000);
});
