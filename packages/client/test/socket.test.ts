// One WebSocket of which nothing comes.
import { mock } from 'node:test';
import { expect } from 'chai';
import { openSocket } from '../src/socket.ts';
import { FakeSocket } from './fake-server.ts';
import { hello } from './model.ts';

const OPEN_MS = 10_000;

describe('a WebSocket', () => {
  const open = () => openSocket(FakeSocket as unknown as typeof WebSocket, 'ws://nowhere', undefined, () => undefined);

  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
  afterEach(() => {
    mock.timers.reset();
    FakeSocket.all.length = 0;
  });

  it('that opens and says nothing, as behind some proxies, is lost', async () => {
    const socket = open();
    FakeSocket.last.open();
    mock.timers.tick(OPEN_MS);
    expect(await socket.lost).to.deep.equal({ code: 1006, reason: 'nothing came after the upgrade', opened: true });
  });

  it('that says something stays', async () => {
    const socket = open();
    FakeSocket.last.open();
    FakeSocket.last.say(hello);
    mock.timers.tick(2 * OPEN_MS);
    socket.drop('the test is over');
    expect((await socket.lost).reason).to.equal('the test is over');
  });
});
