// Shows that the checker finds planted faults.
import { expect } from 'chai';
import fc from 'fast-check';
import { type Ack, check, checkConnection, type Event, type History, type Stream } from '../src/checker.ts';

interface Run {
  acks: Ack[];
  streams: Stream[];
  histories: History[];
}

/** A correct run: one member event, then `n` acknowledged messages, seen by two observers. */
function correctRun(n: number): Run {
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
  it('finds nothing in a correct run', () => {
    expect(judge(correctRun(20))).to.deep.equal({
      acked: 20,
      delivered: 40,
      lost: 0,
      duplicated: 0,
      inversions: 0,
      problems: [],
    });
  });

  it('allows a send without an answer to be there once or not at all', () => {
    const there = correctRun(5);
    there.acks.pop();
    expect(judge(there).problems).to.deep.equal([]);
  });

  it('finds a skipped event at any place', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), (at) => {
        const run = correctRun(20);
        eventsOf(run).splice(at, 1);
        expect(judge(run).lost).to.be.greaterThan(0);
      }),
    );
  });

  it('finds missing last events, at one observer, at all, and in the database', () => {
    const one = correctRun(20);
    eventsOf(one).splice(15);
    expect(judge(one).lost).to.be.greaterThan(0);
    const all = correctRun(20);
    for (const stream of all.streams) stream.events.splice(15);
    const [held] = all.histories as [History];
    held.messages.splice(14);
    held.last_seq = 15;
    expect(judge(all).lost).to.be.greaterThan(0);
  });

  it('finds a duplicate event', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 20 }), (what, where) => {
        const run = correctRun(20);
        eventsOf(run).splice(where, 0, { ...(eventsOf(run)[what] as Event) });
        expect(judge(run).duplicated).to.be.greaterThan(0);
      }),
    );
  });

  it('finds a retry that became a second message', () => {
    const run = correctRun(5);
    const twice = { seq: 7, message_id: 'm-again', client_id: 'c2' };
    for (const { events } of run.streams) events.push({ ...twice, type: 'message' });
    const [held] = run.histories as [History];
    held.messages.push(twice);
    held.last_seq = 7;
    expect(judge(run).duplicated).to.be.greaterThan(0);
    const answers = correctRun(5);
    answers.acks.push({ room: 'r', client_id: 'c2', message_id: 'm-other', seq: 4 });
    expect(judge(answers).duplicated).to.be.greaterThan(0);
  });

  it('finds two events in the wrong order', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 19 }), (at) => {
        const run = correctRun(20);
        const events = eventsOf(run);
        events.splice(at, 2, events[at + 1] as Event, events[at] as Event);
        expect(judge(run).inversions).to.be.greaterThan(0);
      }),
    );
  });

  it('finds observers that saw different messages at one seq, and a wrong acknowledged seq', () => {
    const differ = correctRun(5);
    eventsOf(differ)[3] = { seq: 4, type: 'message', message_id: 'm-other', client_id: 'c-other' };
    expect(judge(differ).inversions).to.be.greaterThan(0);
    const moved = correctRun(5);
    (moved.acks[2] as Ack).seq = 5;
    expect(judge(moved).inversions).to.be.greaterThan(0);
  });
});

describe('the order on one connection', () => {
  it('is consecutive, with one step back to the start of the resume', () => {
    expect(checkConnection(3, [4, 5, 6], true)).to.equal(undefined);
    expect(checkConnection(3, [8, 9, 4, 5, 6, 7, 8, 9, 10], true)).to.equal(undefined);
    expect(checkConnection(3, [8, 9], false)).to.equal(undefined);
    expect(checkConnection(3, [], true)).to.equal(undefined);
  });

  it('is violated by a gap, a duplicate, a second step back, and a missing replay', () => {
    expect(checkConnection(3, [4, 6], true)).to.be.a('string');
    expect(checkConnection(3, [4, 5, 5], true)).to.be.a('string');
    expect(checkConnection(3, [8, 4, 5, 4], true)).to.be.a('string');
    expect(checkConnection(3, [8, 9], true)).to.be.a('string');
    expect(checkConnection(3, [2, 3, 4], true)).to.be.a('string');
  });
});
