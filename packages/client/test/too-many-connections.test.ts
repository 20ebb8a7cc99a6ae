// Close code 4429: too many connections or frames.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { ChatApiError } from '../src/index.ts';
import type { Machine } from '../src/machine.ts';
import { answering, caught, clientOf, FakeSocket, until } from './fake-server.ts';
import { hello, newMachine } from './model.ts';

function connected(now = 0): Machine {
  const machine = newMachine();
  machine.connecting();
  machine.received(hello, now);
  machine.takeEvents();
  return machine;
}

describe('a connection too many', () => {
  const greet = async (count: number): Promise<FakeSocket> => {
    await until(() => FakeSocket.all.length === count);
    FakeSocket.last.open();
    FakeSocket.last.say(hello);
    return FakeSocket.last;
  };

  afterEach(() => {
    FakeSocket.all.length = 0;
  });

  it('returns after minutes, at once when the app is used, and later each time', () => {
    const machine = connected();
    machine.lost(1000, 4429, 'too many connections');
    expect([machine.state, machine.isCrowded, machine.lastLoss?.code]).to.deep.equal([
      'waiting',
      true,
      'RATE_LIMIT_EXCEEDED',
    ]);
    expect(machine.retryAt).to.be.within(61_000, 61_500);
    machine.nudge(2000);
    expect(machine.retryAt, 'used').to.equal(2000);
    for (const [minutes, times] of [
      [2, 1],
      [4, 1],
      [8, 1],
      [16, 5],
    ] as const)
      for (let i = 0; i < times; i++) {
        machine.connecting();
        machine.received(hello, 3000);
        machine.lost(4000, 4429, 'too many connections');
        expect(machine.retryAt).to.be.within(4000 + minutes * 60_000, 4000 + minutes * 60_000 + 20_000);
        machine.nudge(5000);
        expect(machine.retryAt, 'used again').to.equal(4000 + minutes * 15_000);
      }
  });

  it('after a calm connection returns at once on use again, and after another close code as ever', () => {
    const machine = connected();
    for (let i = 0; i < 3; i++) {
      machine.lost(1000, 4429, 'too many connections');
      machine.connecting();
      machine.received(hello, 2000);
    }
    machine.lost(2000 + 600_000, 4429, 'too many connections');
    machine.nudge(620_000);
    expect(machine.retryAt).to.equal(620_000);
    machine.connecting();
    machine.lost(800_000, 1006, 'cut');
    expect(machine.isCrowded).to.equal(false);
    expect(machine.retryAt).to.be.below(821_000);
  });

  it('waits until the app sends', async () => {
    const { fetch } = answering(() => [200, { id: 'usr_me' }]);
    const client = clientOf({ fetch, token: 'token', retries: 0 });
    const realtime = client.websocket.connect(undefined, { resume: false, maxDelayMs: 0 });
    const codes: (number | undefined)[] = [];
    realtime.on('state', ({ to, code }) => to === 'waiting' && codes.push(code));
    (await greet(1)).cut(4429, 'too many connections');
    await sleep(100);
    expect([realtime.state, realtime.lastError?.code]).to.deep.equal(['waiting', 'RATE_LIMIT_EXCEEDED']);
    expect(FakeSocket.all).to.have.length(1);
    const late = await caught(realtime.ready(10));
    expect(late.message).to.match(/^Not connected within 10 ms: too many connections/);
    const sending = realtime.send({ content: 'used' });
    const socket = await greet(2);
    await until(() => socket.sent.length > 0);
    socket.say({
      type: 'ack',
      client_id: socket.sent[0].client_id,
      message_id: 'm',
      chat_id: 'r',
      seq: 1,
      created_at: '',
    });
    await sending;
    expect(codes).to.deep.equal([4429]);
    await client.close();
  });
});

describe('ready', () => {
  it('of a server that is away says why the last attempt failed', async () => {
    const { fetch: away } = answering(() => [
      503,
      { error: true, code: 'SERVICE_UNAVAILABLE', message: 'auth is away' },
    ]);
    const client = clientOf({ fetch: away, token: 'token', retries: 0 });
    const realtime = client.websocket.connect(undefined, { maxDelayMs: 5 });
    const error = await caught(realtime.ready(200));
    expect(error).to.include({ code: 'NETWORK_ERROR', status: 503 });
    expect(error.message).to.match(/auth is away/);
    expect((error.cause as ChatApiError).code).to.equal('SERVICE_UNAVAILABLE');
    await client.close();
  });
});
