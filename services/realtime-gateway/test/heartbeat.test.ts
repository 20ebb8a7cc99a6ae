import { expect } from 'chai';
import { markLagging } from '../src/rooms/feed.ts';
import type { Connection } from '../src/state.ts';
import { beat, watchUnfinished } from '../src/upkeep/heartbeat.ts';
import { watchLagging } from '../src/upkeep/slow-readers.ts';
import { createNodeFixture } from './node-fixture.ts';

describe('heartbeat', () => {
  const open = () => {
    const fixture = createNodeFixture();
    const { c, socket } = fixture.join('a');
    const did: unknown[] = [];
    Object.assign(c.transport, {
      ping: () => did.push('ping'),
      terminate: () => did.push('cut'),
      close: (code: number) => did.push(code),
    });
    c.claims = { expires_at: 1_000_000 } as Connection['claims'];
    return { ...fixture, c, socket, did };
  };

  it('pings, and cuts a client that answers neither of two pings', () => {
    const { node, c, did } = open();
    for (let i = 0; i < 3; i++) beat(node, c, 900_000);
    expect(did).to.deep.equal(['ping', 'ping', 'cut']);
    expect(node.connections.size).to.equal(0);
  });

  it('closes with 4401 when the token has expired', () => {
    const { node, c, did } = open();
    beat(node, c, 1_000_001);
    expect(did).to.deep.equal([4401]);
  });

  it('closes with 1008 when a message has begun and does not end within 10 s, unless we do not read', () => {
    const { node, c, did } = open();
    const receiver = { _state: 0, _bufferedBytes: 1, _fragmented: 0 };
    Object.assign(c.transport, { _receiver: receiver });
    watchUnfinished(node, c, 1000);
    watchUnfinished(node, c, 11_000);
    c.unfinishedSince = 0; // a message ended, and the next one began
    watchUnfinished(node, c, 12_000);
    c.paused = true;
    watchUnfinished(node, c, 30_000);
    c.paused = false;
    watchUnfinished(node, c, 31_000);
    watchUnfinished(node, c, 41_000);
    expect(did).to.deep.equal([]);
    watchUnfinished(node, c, 41_001);
    expect(did).to.deep.equal([1008]);
  });

  it('does not ping a lagging reader, and ignores missing pongs soon after', () => {
    const { node, c, did } = open();
    c.missedPongs = 2;
    c.lag = { since: 0, unsent: 5 };
    beat(node, c, 900_000);
    c.lag = undefined;
    c.laggedAt = 890_000;
    beat(node, c, 900_000);
    expect(did).to.deep.equal(['ping']);
  });

  it('keeps a reader that drains slowly, and closes one without progress for 60 s with 4408', () => {
    const { node, c, socket, did } = open();
    socket.writableLength = 500_000;
    markLagging(node, c);
    const start = Date.now();
    for (let s = 0; s <= 300; s += 50) {
      socket.writableLength -= 100;
      watchLagging(node, c, start + s * 1000);
    }
    expect(did).to.deep.equal([]);
    watchLagging(node, c, start + 355_000);
    expect(did).to.deep.equal([]);
    watchLagging(node, c, start + 361_000);
    expect(did).to.deep.equal([4408]);
    expect([c.closed, node.lagging.size]).to.deep.equal([true, 0]);
  });
});
