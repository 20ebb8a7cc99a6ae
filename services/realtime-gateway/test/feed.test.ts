import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import fc from 'fast-check';
import { resume } from '../src/frames/resume.ts';
import { drained, kick } from '../src/rooms/feed.ts';
import { receive } from '../src/rooms/rooms.ts';
import type { Connection, Send } from '../src/state.ts';
import { applyJoined } from '../src/users/users.ts';
import { dropAnswered, noteAck } from '../src/wire/acks.ts';
import { textFrame } from '../src/wire/ws-frame.ts';
import { createNodeFixture, eventOf, type NodeFixture, until, upTo } from './node-fixture.ts';

const ask = (fixture: NodeFixture, c: Connection, from: number): void =>
  void resume.handle(fixture.node, c, { type: 'resume', rooms: { room: from } }, 50);

describe('resume', () => {
  it('joins replay and live frames without gaps, repetitions or reordering, at any timing', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 250 }),
        fc.integer({ min: 0, max: 250 }),
        fc.array(fc.record({ turns: fc.integer({ min: 0, max: 5 }), n: fc.integer({ min: 1, max: 4 }) }), {
          maxLength: 30,
        }),
        async (a, b, live) => {
          const fixture = createNodeFixture();
          const { c, socket } = fixture.join('a');
          const [from, before] = [Math.min(a, b), Math.max(a, b)];
          fixture.append(before);
          fixture.room.position = before;
          ask(fixture, c, from);
          for (const { turns, n } of live) {
            for (let i = 0; i < turns; i++) await turn();
            receive(fixture.node, fixture.room, fixture.append(n));
          }
          const end = fixture.log.events.length;
          await until(() => c.feeds === undefined);
          await until(() => socket.seqs.length >= end - from);
          expect(socket.seqs).to.deep.equal(upTo(end, from + 1));
          expect(fixture.resumes).to.deep.equal([true]);
        },
      ),
      { numRuns: 40 },
    );
  });

  for (const [what, set] of [
    ['a position from the future', (): number => 9000],
    ['a position before what the log has', (): number => 5],
  ] as const) {
    it(`from ${what} is incomplete, and live frames continue`, async () => {
      const fixture = createNodeFixture();
      const { c, socket } = fixture.join('a');
      fixture.log.first = 30;
      fixture.append(50);
      fixture.room.position = 50;
      ask(fixture, c, set());
      receive(fixture.node, fixture.room, fixture.append(3));
      await until(() => c.feeds === undefined && socket.seqs.length === 3);
      expect(socket.seqs).to.deep.equal([51, 52, 53]);
      expect(socket.frames.find(({ type }) => type === 'resumed').rooms.room).to.deep.include({
        to: 50,
        complete: false,
      });
    });
  }

  it('of an unreadable room is incomplete', async () => {
    const fixture = createNodeFixture();
    const { c, socket } = fixture.join('a');
    fixture.log.readable = false;
    ask(fixture, c, 0);
    await until(() => socket.frames.length === 1);
    expect(socket.frames[0]).to.deep.equal({ type: 'resumed', rooms: { room: { from: 0, to: 0, complete: false } } });
  });

  it('of a public room replays it to its end for a non-member', async () => {
    const fixture = createNodeFixture();
    const { c, socket, user } = fixture.join('a');
    user.rooms.clear();
    fixture.room.users.delete(user);
    fixture.append(230);
    ask(fixture, c, 20);
    await until(() => socket.frames.some(({ type }) => type === 'resumed'));
    expect(socket.seqs).to.deep.equal(upTo(230, 21));
    expect(c.feeds).to.equal(undefined);
  });

  it('repeats nothing when the signal of a join arrives after the replay', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 130 }),
        fc.integer({ min: 1, max: 130 }),
        fc.integer({ min: 0, max: 8 }),
        fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 10 }),
        async (a, b, patience, live) => {
          const fixture = createNodeFixture();
          const { c, socket, user } = fixture.join('a');
          const [entered, end] = [Math.min(a, b), Math.max(a, b)];
          user.rooms.clear();
          fixture.room.users.delete(user);
          const known = fixture.append(end);
          fixture.room.position = entered - 1;
          ask(fixture, c, entered - 1);
          for (let i = 0; i < patience; i++) await turn();
          applyJoined(fixture.node, user, 'room', entered);
          receive(fixture.node, fixture.room, known.slice(entered - 1));
          for (const turns of live) {
            for (let i = 0; i < turns; i++) await turn();
            receive(fixture.node, fixture.room, fixture.append(1));
          }
          await until(() => c.feeds === undefined && socket.seqs.length >= end + live.length - entered + 1);
          expect(socket.seqs).to.deep.equal(upTo(end + live.length, entered));
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('slow reader', () => {
  it('costs bounded memory, is fed from the log as it drains, and ends complete', async () => {
    const fixture = createNodeFixture();
    const { c, socket } = fixture.join('slow');
    const other = fixture.join('other');
    const filler = 'x'.repeat(2000);
    const big = (seq: number) => ({ ...eventOf(seq), frame: textFrame(JSON.stringify({ seq, filler })) });
    socket.stalled = true;
    for (let seq = 1; seq <= 1000; seq++) {
      const event = big(seq);
      fixture.log.events.push(event);
      receive(fixture.node, fixture.room, [event]);
      if (seq % 50 === 0) await turn();
    }
    await until(() => other.socket.seqs.length === 1000);
    expect(socket.writableLength + c.pendingBytes).to.be.below(400 * 1024);
    expect(fixture.node.lagging.has(c)).to.equal(true);
    for (let i = 0; i < 200 && socket.seqs.length < 1000; i++) {
      socket.drain();
      for (let n = 0; n < 6; n++) await turn();
      expect(socket.writableLength).to.be.below(400 * 1024);
    }
    expect(socket.seqs).to.deep.equal(upTo(1000));
    socket.drain();
    await until(() => c.feeds === undefined);
    expect(fixture.node.lagging.size).to.equal(0);
  });

  it('stays lagging until it has drained', () => {
    const fixture = createNodeFixture();
    const { c, socket } = fixture.join('slow');
    c.lag = { since: 0, unsent: 1 };
    socket.writableLength = 300_000;
    drained(fixture.node, c);
    expect(c.lag).not.to.equal(undefined);
  });
});

describe('connection of the sender', () => {
  it('gets events that arrive with its own message after the ack, in order and once, however many', async () => {
    for (const others of [3, 400]) {
      const fixture = createNodeFixture();
      const [me, you] = [fixture.join('me'), fixture.join('you')];
      const send = sendOf(me.c);
      me.c.sends = [send];
      const events = [
        ...fixture.append(2, 'usr_you'),
        ...fixture.append(1, 'usr_me', 'me'),
        ...fixture.append(others, 'usr_you'),
      ];
      receive(fixture.node, fixture.room, events);
      await until(() => you.socket.seqs.length === others + 3);
      expect(me.socket.seqs.includes(3)).to.equal(false);
      acknowledge(fixture, me.c, send, 3);
      await until(() => me.socket.seqs.length === others + 3 && me.c.feeds === undefined);
      expect(me.socket.seqs).to.deep.equal(upTo(others + 3));
      expect(me.socket.frames.findIndex(({ ack }) => ack === 3)).to.be.lessThan(
        me.socket.frames.findIndex(({ seq }) => seq === 3),
      );
    }
  });

  const sendOf = (c: Connection): Send => ({ connection: c, done: false }) as Send;
  const acknowledge = (fixture: NodeFixture, c: Connection, send: Send, seq: number): void => {
    send.done = true;
    noteAck(c, 'room', seq);
    fixture.node.writer.write(c, textFrame(JSON.stringify({ ack: seq })));
    kick(fixture.node, c);
    dropAnswered(c);
  };

  it('gets each ack before its frame, and all frames of the room in order', async () => {
    const fixture = createNodeFixture();
    const { c, socket } = fixture.join('me');
    const sends = [sendOf(c), sendOf(c)];
    c.sends = [...sends];
    const events = [
      eventOf(1, 'usr_me', 'me'),
      eventOf(2, 'usr_you'),
      eventOf(3, 'usr_me', 'me'),
      eventOf(4, 'usr_you'),
    ];
    receive(fixture.node, fixture.room, events);
    await turn();
    expect(socket.frames).to.deep.equal([]);
    acknowledge(fixture, c, sends[0] as Send, 1);
    await turn();
    expect(socket.frames).to.deep.equal([{ ack: 1 }, { seq: 1 }, { seq: 2 }]);
    acknowledge(fixture, c, sends[1] as Send, 3);
    await turn();
    expect(socket.frames.slice(3)).to.deep.equal([{ ack: 3 }, { seq: 3 }, { seq: 4 }]);
    expect([c.feeds, c.sends, c.acked]).to.deep.equal([undefined, undefined, undefined]);
  });

  it('holds an event from the log, which names no connection, on all connections of its sender', async () => {
    const fixture = createNodeFixture();
    const [me, you] = [fixture.join('me'), fixture.join('you')];
    const send = sendOf(me.c);
    me.c.sends = [send];
    you.c.sends = [sendOf(you.c)];
    receive(fixture.node, fixture.room, [eventOf(1, 'usr_me')]);
    await turn();
    expect([me.socket.seqs, you.socket.seqs]).to.deep.equal([[], [1]]);
    acknowledge(fixture, me.c, send, 1);
    await turn();
    expect(me.socket.frames).to.deep.equal([{ ack: 1 }, { seq: 1 }]);
  });

  it('holds nothing when the ack came first', async () => {
    const fixture = createNodeFixture();
    const { c, socket } = fixture.join('me');
    const [first, second] = [sendOf(c), sendOf(c)];
    c.sends = [first, second];
    acknowledge(fixture, c, first, 1);
    receive(fixture.node, fixture.room, [eventOf(1, 'usr_me', 'me')]);
    await turn();
    expect(socket.frames).to.deep.equal([{ ack: 1 }, { seq: 1 }]);
  });

  it('releases held events when the send fails', async () => {
    const fixture = createNodeFixture();
    const { c, socket } = fixture.join('me');
    const send = sendOf(c);
    c.sends = [send];
    receive(fixture.node, fixture.room, [eventOf(1, 'usr_me', 'me')]);
    send.done = true;
    kick(fixture.node, c);
    await turn();
    expect(socket.seqs).to.deep.equal([1]);
  });

  it('reads events above the hold limit from the log after the ack', async () => {
    const fixture = createNodeFixture();
    const { c, socket } = fixture.join('me');
    const send = sendOf(c);
    c.sends = [send];
    receive(fixture.node, fixture.room, fixture.append(1, 'usr_me', 'me'));
    receive(fixture.node, fixture.room, fixture.append(600, 'usr_you'));
    await until(() => c.feeds?.get('room')?.block !== undefined);
    expect(socket.seqs).to.deep.equal([]);
    acknowledge(fixture, c, send, 1);
    await until(() => c.feeds === undefined);
    await turn();
    expect(socket.frames[0]).to.deep.equal({ ack: 1 });
    expect(socket.seqs).to.deep.equal(upTo(601));
  });
});
