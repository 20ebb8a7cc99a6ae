import { expect } from 'chai';
import { markLagging } from '../src/feed.ts';
import { beat, watchLagging } from '../src/heartbeat.ts';
import type { Connection } from '../src/node.ts';
import { openParts } from './parts.ts';

describe('the heartbeat', () => {
  const open = () => {
    const parts = openParts();
    const { c, socket } = parts.join('a');
    const did: unknown[] = [];
    Object.assign(c.ws, {
      ping: () => did.push('ping'),
      terminate: () => did.push('cut'),
      close: (code: number) => did.push(code),
    });
    c.claims = { expires_at: 1_000_000 } as Connection['claims'];
    return { ...parts, c, socket, did };
  };

  it('pings, and cuts a peer that is silent after two', () => {
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

  it('a lagging reader is not pinged, and not taken for silent soon after', () => {
    const { node, c, did } = open();
    c.missed = 2;
    c.lag = { since: 0, unsent: 5 };
    beat(node, c, 900_000);
    c.lag = undefined;
    c.laggedAt = 890_000;
    beat(node, c, 900_000);
    expect(did).to.deep.equal(['ping']);
  });

  it('a reader that drains, however slowly, stays; one without progress for 60 s is cut with 4408', () => {
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
