import { expect } from 'chai';
import { Redis } from 'ioredis';
import { removeNode, renewNode, retireNode } from '../src/interest.ts';
import { readConnections, showAlive, tellOnline } from '../src/online.ts';

describe('who is online', () => {
  let redis: Redis;
  before(() => {
    redis = new Redis(process.env.TEST_REDIS_URL ?? '');
  });
  beforeEach(() => redis.flushdb());
  after(() => redis?.quit());
  const one = { instance: 'realtime-1', connections: 3 };
  const two = { instance: 'realtime-2', connections: 1 };

  it('is counted once over all nodes, until the last of them has told that they went', async () => {
    await tellOnline(redis, 'n1', ['ann', 'bob'], []);
    await tellOnline(redis, 'n1', ['ann'], []);
    await tellOnline(redis, 'n2', ['ann'], []);
    expect([await showAlive(redis, 'n1', one), await showAlive(redis, 'n2', two)]).to.deep.equal([2, 1]);
    expect(await readConnections(redis)).to.deep.equal({ online: 2, nodes: [one, two] });
    await tellOnline(redis, 'n1', [], ['ann', 'ann']);
    expect((await readConnections(redis)).online).to.equal(2);
    await tellOnline(redis, 'n2', [], ['ann', 'nobody']);
    expect((await readConnections(redis)).online).to.equal(1);
  });

  it('of a silent node is counted out within 2 s; when it speaks again it hears that nobody is known', async () => {
    await tellOnline(redis, 'n1', ['ann', 'bob'], []);
    await tellOnline(redis, 'n2', ['ann'], []);
    await showAlive(redis, 'n1', one);
    await new Promise((resolve) => setTimeout(resolve, 1900));
    await showAlive(redis, 'n2', two);
    expect(await readConnections(redis)).to.deep.equal({ online: 1, nodes: [two] });
    expect(await showAlive(redis, 'n1', one)).to.equal(0);
  });

  it('of a node that retires or is swept counts no more', async () => {
    for (const leave of [() => retireNode(redis, 'n1', 5000), () => removeNode(redis, 'n1')]) {
      await renewNode(redis, 'n1');
      await tellOnline(redis, 'n1', ['ann'], []);
      await showAlive(redis, 'n1', one);
      expect((await readConnections(redis)).online).to.equal(1);
      await leave();
      expect(await readConnections(redis)).to.deep.equal({ online: 0, nodes: [] });
    }
    expect(await redis.keys('*')).to.deep.equal([]);
  });
});
