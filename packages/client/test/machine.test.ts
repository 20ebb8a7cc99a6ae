import { expect } from 'chai';
import type { AnyEvent } from '../src/events.ts';
import type { Frame, Machine } from '../src/machine.ts';
import { hello, newMachine, outgoing } from './model.ts';

const HOUR = 3_600_000;

function connected(now = 0): Machine {
  const machine = newMachine();
  machine.connecting();
  machine.received(hello, now);
  machine.takeEvents();
  return machine;
}

const written = (machine: Machine, now = 0): any[] => machine.frames(now).map((text) => JSON.parse(text));
const told = (machine: Machine, kind: string): any[] =>
  machine.takeEvents().flatMap(({ type, data }) => (type === kind ? [data] : []));
const message = (seq: number, chat_id = 'r'): Frame => ({ type: 'message', id: `m${seq}`, chat_id, seq, content: 'c' });

function sent(machine: Machine, names: string): ReturnType<typeof outgoing>[] {
  return [...names].map((name) => {
    const send = outgoing(name, { message: name });
    machine.send(send);
    return send;
  });
}

describe('the state of a connection', () => {
  it('changes with a reason and the delay of the next attempt', () => {
    const machine = connected();
    machine.lost(20_000, 1012, 'going away');
    const [change] = told(machine, 'state');
    expect(change).to.include({ from: 'connected', to: 'waiting', code: 1012, reason: 'going away' });
    expect(change.retryInMs).to.be.within(0, 500);
    expect(machine.retryAt).to.equal(20_000 + change.retryInMs);
  });

  it('leads to a reconnect after every close but a ban', () => {
    for (const code of [undefined, 1000, 1001, 1006, 1008, 1009, 1011, 1012, 4408, 4429, 404, 500, 503]) {
      const machine = connected();
      machine.lost(1, code, 'x');
      expect(machine.state, String(code)).to.equal('waiting');
    }
  });

  it('is closed by a ban, which fails pending and later sends', () => {
    const machine = connected();
    const [early] = sent(machine, 'a');
    machine.lost(1, 4403, 'banned');
    const [late] = sent(machine, 'b');
    expect(machine.state).to.equal('closed');
    expect(early?.error?.code).to.equal('AUTHORIZATION_ERROR');
    expect(late?.error).to.equal(machine.error);
  });

  it('waits as long as the server asks', () => {
    const machine = connected();
    machine.lost(1000, 503, 'away', 30_000);
    expect(machine.retryAt).to.be.at.least(31_000);
  });

  it('stops waiting once the network is back', () => {
    const machine = connected();
    machine.lost(1000, 503, 'away', 30_000);
    machine.nudge(2000);
    expect(machine.retryAt).to.equal(2000);
  });
});

describe('a frame', () => {
  it('without a type is a message of the original API', () => {
    const machine = connected();
    machine.received({ id: 'msg_1', sender_id: 'u', content: 'Hello, world!' }, 0);
    expect(told(machine, 'message').map(({ content }) => content)).to.deep.equal(['Hello, world!']);
  });

  it('of an unknown type is delivered under its name, a logged one once', () => {
    const machine = connected();
    for (let i = 0; i < 2; i++) machine.received({ type: 'poll_opened', chat_id: 'r', seq: 5 }, 0);
    machine.received({ type: 'constructor' }, 0);
    expect(machine.takeEvents().map(({ type }: AnyEvent) => String(type))).to.deep.equal([
      'poll_opened',
      'constructor',
    ]);
  });

  it('of type message_status has a seq but is not an event of the log', () => {
    const machine = connected();
    machine.received(message(4), 0);
    machine.received({ type: 'message_status', chat_id: 'r', message_id: 'm', status: 'read' }, 0);
    machine.received(message(5), 0);
    expect(machine.takeEvents().map(({ type }) => type)).to.deep.equal(['message', 'message_status', 'message']);
  });

  it('after a gap triggers one resume at once', () => {
    const machine = connected();
    machine.received(message(1), 0);
    machine.received(message(3), 0);
    expect(written(machine)).to.deep.equal([{ type: 'resume', rooms: { r: 1 } }]);
    expect(written(machine)).to.deep.equal([]);
  });

  it('that resumes many rooms stays within the server’s limits', () => {
    const machine = connected();
    for (let i = 0; i < 2500; i++) machine.views.startAt('x'.repeat(59) + String(i).padStart(5, '0'), 2 ** 53);
    machine.lost(1, 1006, 'cut');
    machine.connecting();
    machine.received(hello, 2);
    const frames = machine.frames(2);
    expect(frames.flatMap((text) => Object.keys(JSON.parse(text).rooms))).to.have.length(2500);
    expect(Math.max(...frames.map(({ length }) => length))).to.be.below(64 * 1024);
  });

  it('of a room that the user left or was removed from is not resumed', () => {
    const machine = connected();
    machine.received(message(1), 0);
    machine.received({ type: 'member_left', chat_id: 'r', seq: 2, user_id: 'usr_me' }, 0);
    machine.received(message(1, 'gone'), 0);
    machine.received({ type: 'room_removed', chat_id: 'gone' }, 0);
    expect([...machine.views.positions]).to.deep.equal([]);
  });

  it('of a room joined while offline is read from its unread part', () => {
    const machine = connected();
    const look = machine.views.unsure();
    machine.received(message(8, 'new'), 0);
    expect(told(machine, 'message'), '5 to 7 may be missing').to.deep.equal([]);
    expect(machine.views.cameInto({ chat_id: 'new', read_seq: 4, last_seq: 8 })).to.equal(true);
    machine.views.sure(look);
    expect(written(machine)).to.deep.equal([{ type: 'resume', rooms: { new: 4 } }]);
  });
});

describe('a token on a live connection', () => {
  it('is renewed once, before it expires by the server’s time', () => {
    const machine = connected(1000);
    machine.tick(1000 + HOUR - 61_000);
    expect(machine.takeTokenDue()).to.equal(false);
    machine.tick(1000 + HOUR - 59_000);
    expect(machine.takeTokenDue()).to.equal(true);
    expect(machine.takeTokenDue()).to.equal(false);
    machine.renewed('fresh');
    expect(written(machine)).to.deep.include({ type: 'auth', token: 'fresh' });
    machine.received({ type: 'authenticated', token_expires_at: '2026-01-01T14:00:00.000Z' }, 1000 + HOUR);
    machine.tick(1000 + 2 * HOUR - 61_000);
    expect(machine.takeTokenDue()).to.equal(false);
    machine.tick(1000 + 2 * HOUR - 59_000);
    expect(machine.takeTokenDue()).to.equal(true);
  });

  it('with a short lifetime is renewed at four fifths of it', () => {
    const machine = newMachine();
    machine.received({ ...hello, token_expires_at: '2026-01-01T12:00:10.000Z' }, 0);
    expect(machine.nextTick()).to.equal(8000);
  });
});

describe('unsent messages', () => {
  it('wait for the connection and are sent again after a cut, in order', () => {
    const machine = newMachine();
    sent(machine, 'abc');
    expect(written(machine)).to.deep.equal([]);
    machine.connecting();
    machine.received(hello, 0);
    expect(written(machine).map((frame) => frame.message)).to.deep.equal(['a', 'b', 'c']);
    machine.received({ type: 'ack', client_id: 'a' }, 0);
    machine.lost(1, 1006, 'cut');
    machine.connecting();
    machine.received(hello, 2);
    expect(written(machine, 2).map((frame) => frame.message)).to.deep.equal(['b', 'c']);
  });

  it('wait for a rate limit and keep their order', () => {
    const machine = connected();
    const sends = sent(machine, 'abcd');
    expect(written(machine)).to.have.length(4);
    machine.received({ type: 'ack', client_id: 'a' }, 0);
    for (const client_id of 'bcd')
      machine.received({ type: 'error', code: 'RATE_LIMIT_EXCEEDED', client_id, retry_after_ms: 5000 }, 1000);
    expect([written(machine, 5900), machine.nextTick()]).to.deep.equal([[], 6000]);
    expect(
      written(machine, 6000).map((frame) => frame.message),
      'one by one',
    ).to.deep.equal(['b']);
    machine.received({ type: 'ack', client_id: 'b' }, 6100);
    expect(written(machine, 6100).map((frame) => frame.message)).to.deep.equal(['c']);
    expect(sends.map(({ error }) => error)).to.deep.equal([undefined, undefined, undefined, undefined]);
  });

  it('that are refused permanently reject only for their sender', () => {
    const machine = connected();
    const [bad, good] = sent(machine, 'bg');
    written(machine);
    machine.received({ type: 'error', code: 'VALIDATION_ERROR', client_id: 'b' }, 0);
    machine.received({ type: 'ack', client_id: 'g', seq: 1 }, 0);
    expect([bad?.error?.code, good?.ack?.seq]).to.deep.equal(['VALIDATION_ERROR', 1]);
    expect(told(machine, 'error')).to.deep.equal([]);
  });

  it('are in flight only up to the limit', () => {
    const machine = connected();
    for (let i = 0; i < 100; i++) machine.send(outgoing(String(i)));
    expect(written(machine)).to.have.length(32);
    machine.received({ type: 'ack', client_id: '0' }, 0);
    expect(written(machine)).to.have.length(1);
  });

  it('with one client_id share one result; those of an earlier run of the app go first', () => {
    const machine = newMachine();
    const [again, own] = sent(machine, 'ab');
    const [old, other] = [outgoing('a', { message: 'a' }), outgoing('z', { message: 'z' })];
    machine.outbox.restore([other, old]);
    machine.connecting();
    machine.received(hello, 0);
    expect(written(machine).map((frame) => frame.client_id)).to.deep.equal(['z', 'a', 'b']);
    machine.received({ type: 'ack', client_id: 'a', seq: 7 }, 0);
    expect([again?.ack?.seq, old.ack?.seq, own?.ack]).to.deep.equal([7, 7, undefined]);
  });
});

describe('reads', () => {
  it('are kept until there is a connection, the highest of each room; typing is not', () => {
    const machine = newMachine();
    machine.read('r', 5);
    machine.read('r', 3);
    machine.typing('r');
    machine.connecting();
    machine.received(hello, 0);
    expect(written(machine)).to.deep.equal([{ type: 'read', chat_id: 'r', seq: 5 }]);
  });
});

describe('the heartbeat', () => {
  it('pings every 20 s, measures the round trip, and detects a dead connection', () => {
    const machine = connected();
    machine.tick(19_999);
    expect(written(machine)).to.deep.equal([]);
    machine.tick(20_000);
    expect(written(machine)).to.deep.equal([{ type: 'ping' }]);
    machine.received({ type: 'pong' }, 20_030);
    expect(machine.heartbeat.latencyMs).to.equal(30);
    machine.tick(40_030);
    machine.received(message(1), 50_000);
    expect(machine.heartbeat.isDead(64_999), 'what comes is a sign of life').to.equal(false);
    expect(machine.heartbeat.isDead(65_000)).to.equal(true);
  });

  it('pings at once, with a shorter timeout, when the page or the network is back', () => {
    const machine = connected();
    machine.nudge(1000);
    machine.tick(1000);
    expect(written(machine, 1000)).to.deep.equal([{ type: 'ping' }]);
    expect(machine.heartbeat.isDead(6000)).to.equal(true);
  });
});

describe('a frame over the limit', () => {
  const refused = { type: 'error', code: 'RATE_LIMIT_EXCEEDED', message: 'm', details: {}, retry_after_ms: 5000 };

  it('pauses all frames until the limit resets, then repeats what may have been lost', () => {
    const machine = connected();
    machine.received(message(1), 0);
    machine.received(message(3), 0);
    machine.read('r', 1);
    machine.renewed('fresh');
    const before = written(machine).map(({ type }) => type);
    expect(before).to.have.members(['resume', 'read', 'auth']);
    machine.received(refused, 100);
    expect(told(machine, 'error')).to.have.length(1);
    sent(machine, 'a');
    machine.typing('r');
    expect(written(machine, 5000)).to.deep.equal([]);
    expect(machine.nextTick()).to.equal(5100);
    machine.tick(5100);
    expect(machine.takeTokenDue()).to.equal(true);
    const after = written(machine, 5100);
    expect(after.map(({ type }) => type)).to.have.members(['resume', 'read', undefined]);
    expect(after.find(({ type }) => type === 'read')).to.include({ chat_id: 'r', seq: 1 });
    expect(written(machine, 5100)).to.deep.equal([]);
  });

  it('is a sign of life', () => {
    const machine = connected();
    machine.tick(20_000);
    expect(written(machine, 20_000).map(({ type }) => type)).to.deep.equal(['ping']);
    machine.received(refused, 20_001);
    expect(machine.heartbeat.isDead(60_000)).to.equal(false);
  });

  it('watches as staff on each connection, until the role ends', () => {
    const machine = newMachine();
    const asked = (): boolean => machine.frames(0).includes('{"type":"staff_subscribe"}');
    machine.watchStaff();
    machine.connecting();
    machine.received(hello, 0);
    expect(asked()).to.equal(true);
    expect(asked()).to.equal(false);
    machine.lost(1, 1012, 'going away');
    machine.connecting();
    machine.received(hello, 2);
    expect(asked()).to.equal(true);
    machine.received({ type: 'staff_ended', timestamp: '2026-01-01T12:00:00.000Z' }, 3);
    expect(machine.takeEvents().at(-1)?.type).to.equal('staff_ended');
    machine.lost(4, 1012, 'going away');
    machine.connecting();
    machine.received(hello, 5);
    expect(asked()).to.equal(false);
  });
});
