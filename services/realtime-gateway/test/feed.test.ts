import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import fc from 'fast-check';
import { dropAnswered, noteAck } from '../src/acks.ts';
import { drained, kick } from '../src/feed.ts';
import { resume } from '../src/frames/resume.ts';
import type { Connection, Send } from '../src/node.ts';
import { receive } from '../src/rooms.ts';
import { joined } from '../src/users.ts';
import { jsonFrame, textFrame } from '../src/ws-frame.ts';
import { eventOf, openParts, type Parts, until, upTo } from './parts.ts';

const ask = (parts: Parts, c: Connection, from: number): void =>
  void resume.handle(parts.node, c, { type: 'resume', rooms: { room: from } }, 50);

describe('resume', () => {
  it('replay and live frames join without gap, repeat or overtaking, whenever they come', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 250 }),
        fc.integer({ min: 0, max: 250 }),
        fc.array(fc.record({ turns: fc.integer({ min: 0, max: 5 }), n: fc.integer({ min: 1, max: 4 }) }), {
          maxLength: 30,
        }),
        async (a, b, live) => {
          const parts = openParts();
          const { c, socket } = parts.join('a');
          const [from, before] = [Math.min(a, b), Math.max(a, b)];
          parts.append(before);
          parts.room.position = before;
          ask(parts, c, from);
          for (const { turns, n } of live) {
            for (let i = 0; i < turns; i++) await turn();
            receive(parts.node, parts.room, parts.append(n));
          }
          const end = parts.log.events.length;
          await until(() => c.feeds === undefined);
          await until(() => socket.seqs.length >= end - from);
          expect(socket.seqs).to.deep.equal(upTo(end, from + 1));
          expect(parts.resumes).to.deep.equal([true]);
        },
      ),
      { numRuns: 40 },
    );
  });

  for (const [what, set] of [
    ['a position from the future', (): number => 9000],
    ['a position before what the log has', (): number => 5],
  ] as const) {
    it(`${what} is incomplete, and live frames go on`, async () => {
      const parts = openParts();
      const { c, socket } = parts.join('a');
      parts.log.first = 30;
      parts.append(50);
      parts.room.position = 50;
      ask(parts, c, set());
      receive(parts.node, parts.room, parts.append(3));
      await until(() => c.feeds === undefined && socket.seqs.length === 3);
      expect(socket.seqs).to.deep.equal([51, 52, 53]);
      expect(socket.frames.find(({ type }) => type === 'resumed').rooms.room).to.deep.include({
        to: 50,
        complete: false,
      });
    });
  }

  it('an unreadable room is incomplete', async () => {
    const parts = openParts();
    const { c, socket } = parts.join('a');
    parts.log.readable = false;
    ask(parts, c, 0);
    await until(() => socket.frames.length === 1);
    expect(socket.frames[0]).to.deep.equal({ type: 'resumed', rooms: { room: { from: 0, to: 0, complete: false } } });
  });

  it('a public room of which the caller is no member is replayed to its end', async () => {
    const parts = openParts();
    const { c, socket, user } = parts.join('a');
    user.rooms.clear();
    parts.room.users.delete(user);
    parts.append(230);
    ask(parts, c, 20);
    await until(() => socket.frames.some(({ type }) => type === 'resumed'));
    expect(socket.seqs).to.deep.equal(upTo(230, 21));
    expect(c.feeds).to.equal(undefined);
  });

  it('word of a membership that comes after the replay repeats nothing of it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 130 }),
        fc.integer({ min: 1, max: 130 }),
        fc.integer({ min: 0, max: 8 }),
        fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 10 }),
        async (a, b, patience, live) => {
          const parts = openParts();
          const { c, socket, user } = parts.join('a');
          const [entered, end] = [Math.min(a, b), Math.max(a, b)];
          user.rooms.clear();
          parts.room.users.delete(user);
          const known = parts.append(end);
          parts.room.position = entered - 1;
          ask(parts, c, entered - 1);
          for (let i = 0; i < patience; i++) await turn();
          joined(parts.node, user, 'room', entered);
          receive(parts.node, parts.room, known.slice(entered - 1));
          for (const turns of live) {
            for (let i = 0; i < turns; i++) await turn();
            receive(parts.node, parts.room, parts.append(1));
          }
          await until(() => c.feeds === undefined && socket.seqs.length >= end + live.length - entered + 1);
          expect(socket.seqs).to.deep.equal(upTo(end + live.length, entered));
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('a slow reader', () => {
  it('costs bounded memory, is fed from the log as it drains, and ends complete', async () => {
    const parts = openParts();
    const { c, socket } = parts.join('slow');
    const other = parts.join('other');
    const filler = 'x'.repeat(2000);
    const big = (seq: number) => ({ ...eventOf(seq), frame: textFrame(JSON.stringify({ seq, filler })) });
    socket.stalled = true;
    for (let seq = 1; seq <= 1000; seq++) {
      const event = big(seq);
      parts.log.events.push(event);
      receive(parts.node, parts.room, [event]);
      if (seq % 50 === 0) await turn();
    }
    await until(() => other.socket.seqs.length === 1000);
    expect(socket.writableLength + c.queued).to.be.below(400 * 1024);
    expect(parts.node.lagging.has(c)).to.equal(true);
    for (let i = 0; i < 200 && socket.seqs.length < 1000; i++) {
      socket.drain();
      for (let n = 0; n < 6; n++) await turn();
      expect(socket.writableLength).to.be.below(400 * 1024);
    }
    expect(socket.seqs).to.deep.equal(upTo(1000));
    socket.drain();
    await until(() => c.feeds === undefined);
    expect(parts.node.lagging.size).to.equal(0);
  });

  it('one that has not drained stays in the log', () => {
    const parts = openParts();
    const { c, socket } = parts.join('slow');
    c.lag = { since: 0, unsent: 1 };
    socket.writableLength = 300_000;
    drained(parts.node, c);
    expect(c.lag).not.to.equal(undefined);
  });
});

describe('the sender’s own connection', () => {
  it('gets what came together with its own message behind the ack, in order and once, however much waits', async () => {
    for (const others of [3, 400]) {
      const parts = openParts();
      const [me, you] = [parts.join('me'), parts.join('you')];
      const send = sendOf(me.c);
      me.c.sends = [send];
      const events = [
        ...parts.append(2, 'usr_you'),
        ...parts.append(1, 'usr_me', 'me'),
        ...parts.append(others, 'usr_you'),
      ];
      receive(parts.node, parts.room, events);
      await until(() => you.socket.seqs.length === others + 3);
      expect(me.socket.seqs.includes(3)).to.equal(false);
      acknowledge(parts, me.c, send, 3);
      await until(() => me.socket.seqs.length === others + 3 && me.c.feeds === undefined);
      expect(me.socket.seqs).to.deep.equal(upTo(others + 3));
      expect(me.socket.frames.findIndex(({ ack }) => ack === 3)).to.be.lessThan(
        me.socket.frames.findIndex(({ seq }) => seq === 3),
      );
    }
  });

  const sendOf = (c: Connection): Send => ({ connection: c, done: false }) as Send;
  const acknowledge = (parts: Parts, c: Connection, send: Send, seq: number): void => {
    send.done = true;
    noteAck(c, 'room', seq);
    parts.node.writer.write(c, jsonFrame({ ack: seq }));
    kick(parts.node, c);
    dropAnswered(c);
  };

  it('sees each ack before its frame, and all frames of the room in order meanwhile', async () => {
    const parts = openParts();
    const { c, socket } = parts.join('me');
    const sends = [sendOf(c), sendOf(c)];
    c.sends = [...sends];
    const events = [
      eventOf(1, 'usr_me', 'me'),
      eventOf(2, 'usr_you'),
      eventOf(3, 'usr_me', 'me'),
      eventOf(4, 'usr_you'),
    ];
    receive(parts.node, parts.room, events);
    await turn();
    expect(socket.frames).to.deep.equal([]);
    acknowledge(parts, c, sends[0] as Send, 1);
    await turn();
    expect(socket.frames).to.deep.equal([{ ack: 1 }, { seq: 1 }, { seq: 2 }]);
    acknowledge(parts, c, sends[1] as Send, 3);
    await turn();
    expect(socket.frames.slice(3)).to.deep.equal([{ ack: 3 }, { seq: 3 }, { seq: 4 }]);
    expect([c.feeds, c.sends, c.acked]).to.deep.equal([undefined, undefined, undefined]);
  });

  it('an event that came from the log names no connection: it waits for the ack on all that it may be of', async () => {
    const parts = openParts();
    const [me, you] = [parts.join('me'), parts.join('you')];
    const send = sendOf(me.c);
    me.c.sends = [send];
    you.c.sends = [sendOf(you.c)];
    receive(parts.node, parts.room, [eventOf(1, 'usr_me')]);
    await turn();
    expect([me.socket.seqs, you.socket.seqs]).to.deep.equal([[], [1]]);
    acknowledge(parts, me.c, send, 1);
    await turn();
    expect(me.socket.frames).to.deep.equal([{ ack: 1 }, { seq: 1 }]);
  });

  it('an ack that came first holds nothing', async () => {
    const parts = openParts();
    const { c, socket } = parts.join('me');
    const [first, second] = [sendOf(c), sendOf(c)];
    c.sends = [first, second];
    acknowledge(parts, c, first, 1);
    receive(parts.node, parts.room, [eventOf(1, 'usr_me', 'me')]);
    await turn();
    expect(socket.frames).to.deep.equal([{ ack: 1 }, { seq: 1 }]);
  });

  it('a send that failed lets go what waited', async () => {
    const parts = openParts();
    const { c, socket } = parts.join('me');
    const send = sendOf(c);
    c.sends = [send];
    receive(parts.node, parts.room, [eventOf(1, 'usr_me', 'me')]);
    send.done = true;
    kick(parts.node, c);
    await turn();
    expect(socket.seqs).to.deep.equal([1]);
  });

  it('more than may be held is read from the log afterwards', async () => {
    const parts = openParts();
    const { c, socket } = parts.join('me');
    const send = sendOf(c);
    c.sends = [send];
    receive(parts.node, parts.room, parts.append(1, 'usr_me', 'me'));
    receive(parts.node, parts.room, parts.append(600, 'usr_you'));
    await until(() => c.feeds?.get('room')?.block !== undefined);
    expect(socket.seqs).to.deep.equal([]);
    acknowledge(parts, c, send, 1);
    await until(() => c.feeds === undefined);
    await turn();
    expect(socket.frames[0]).to.deep.equal({ ack: 1 });
    expect(socket.seqs).to.deep.equal(upTo(601));
  });
});
