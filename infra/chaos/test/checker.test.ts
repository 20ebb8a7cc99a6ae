// The checker is only worth something if it finds what is planted.
import { expect } from 'chai';
import fc from 'fast-check';
import { type Ack, check, checkConnection, type Event, type History, type Stream } from '../src/checker.ts';

interface Run {
  acks: Ack[];
  streams: Stream[];
  histories: History[];
}

/** A flawless run: one member event, then `n` acknowledged messages, seen by two observers. */
function flawless(n: number): Run {
  const acks = Array.from({ length: n }, (_, i) => ({
    room: 'r',
    client_id: `c${i}`,
    message_id: `m${i}`,
    seq: i + 2,
  }));
  const messages = acks.map(({ seq, message_id, client_id }) => ({ seq, message_id, client_id }));
  const events = (): Event[] => [
    { seq: 1, type: 'member_joined' },
    ...messages.map((m) => ({ ...m, type: 'message' })),
  ];
  const streams = ['one', 'two'].map((observer) => ({ observer, room: 'r', events: events() }));
  return { acks, streams, histories: [{ room: 'r', last_seq: n + 1, messages }] };
}

const judge = ({ acks, streams, histories }: Run) => check(acks, streams, histories);
const eventsOf = (run: Run): Event[] => (run.streams[0] as Stream).events;

describe('the chaos checker', () => {
  it('finds nothing in a flawless run', () => {
    expect(judge(flawless(20))).to.deep.equal({
      acked: 20,
      delivered: 40,
      lost: 0,
      doubled: 0,
      inversions: 0,
      problems: [],
    });
  });

  it('takes a send that was never answered for unknown: there once or not at all', () => {
    const there = flawless(5);
    there.acks.pop();
    expect(judge(there).problems).to.deep.equal([]);
  });

  it('finds a skipped event, wherever it was', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), (at) => {
        const run = flawless(20);
        eventsOf(run).splice(at, 1);
        expect(judge(run).lost).to.be.greaterThan(0);
      }),
    );
  });

  it('finds a tail that was dropped, on one observer, on all, and in the database', () => {
    const one = flawless(20);
    eventsOf(one).splice(15);
    expect(judge(one).lost).to.be.greaterThan(0);
    const all = flawless(20);
    for (const stream of all.streams) stream.events.splice(15);
    const [held] = all.histories as [History];
    held.messages.splice(14);
    held.last_seq = 15;
    expect(judge(all).lost).to.be.greaterThan(0);
  });

  it('finds an event that came twice', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 20 }), (what, where) => {
        const run = flawless(20);
        eventsOf(run).splice(where, 0, { ...(eventsOf(run)[what] as Event) });
        expect(judge(run).doubled).to.be.greaterThan(0);
      }),
    );
  });

  it('finds a retry that became a second message', () => {
    const run = flawless(5);
    const twice = { seq: 7, message_id: 'm-again', client_id: 'c2' };
    for (const { events } of run.streams) events.push({ ...twice, type: 'message' });
    const [held] = run.histories as [History];
    held.messages.push(twice);
    held.last_seq = 7;
    expect(judge(run).doubled).to.be.greaterThan(0);
    const answers = flawless(5);
    answers.acks.push({ room: 'r', client_id: 'c2', message_id: 'm-other', seq: 4 });
    expect(judge(answers).doubled).to.be.greaterThan(0);
  });

  it('finds two events in another order', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 19 }), (at) => {
        const run = flawless(20);
        const events = eventsOf(run);
        events.splice(at, 2, events[at + 1] as Event, events[at] as Event);
        expect(judge(run).inversions).to.be.greaterThan(0);
      }),
    );
  });

  it('finds observers who saw different messages in one place, and an acknowledged place that is another’s', () => {
    const differ = flawless(5);
    eventsOf(differ)[3] = { seq: 4, type: 'message', message_id: 'm-other', client_id: 'c-other' };
    expect(judge(differ).inversions).to.be.greaterThan(0);
    const moved = flawless(5);
    (moved.acks[2] as Ack).seq = 5;
    expect(judge(moved).inversions).to.be.greaterThan(0);
  });
});

describe('the order on one connection', () => {
  it('is the next of the last, with one step back to where the resume began', () => {
    expect(checkConnection(3, [4, 5, 6], true)).to.equal(undefined);
    expect(checkConnection(3, [8, 9, 4, 5, 6, 7, 8, 9, 10], true)).to.equal(undefined);
    expect(checkConnection(3, [8, 9], false)).to.equal(undefined);
    expect(checkConnection(3, [], true)).to.equal(undefined);
  });

  it('is broken by a hole, a repeat, a second step back, and a replay that never came', () => {
    expect(checkConnection(3, [4, 6], true)).to.be.a('string');
    expect(checkConnection(3, [4, 5, 5], true)).to.be.a('string');
    expect(checkConnection(3, [8, 4, 5, 4], true)).to.be.a('string');
    expect(checkConnection(3, [8, 9], true)).to.be.a('string');
    expect(checkConnection(3, [2, 3, 4], true)).to.be.a('string');
  });
});
