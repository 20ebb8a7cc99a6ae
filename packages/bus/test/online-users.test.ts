import { expect } from 'chai';
import { Redis } from 'ioredis';
import { removeNode, renewNode, retireNode } from '../src/interest-map.ts';
import { readConnections, reportAlive, reportOnline } from '../src/online-users.ts';

describe('online users', () => {
  let redis: Redis;
  before(() => {
    redis = new Redis(process.env.TEST_REDIS_URL ?? '');
  });
  beforeEach(() => redis.flushdb());
  after(() => redis?.quit());
  const one = { instance: 'realtime-1', connections: 3 };
  const two = { instance: 'realtime-2', connections: 1 };

  it('are counted once over all nodes, until the last node reports that they left', async () => {
    await reportOnline(redis, 'n1', ['ann', 'bob'], []);
    await reportOnline(redis, 'n1', ['ann'], []);
    await reportOnline(redis, 'n2', ['ann'], []);
    expect([await reportAlive(redis, 'n1', one), await reportAlive(redis, 'n2', two)]).to.deep.equal([2, 1]);
    expect(await readConnections(redis)).to.deep.equal({ online: 2, nodes: [one, two] });
    await reportOnline(redis, 'n1', [], ['ann', 'ann']);
    expect((await readConnections(redis)).online).to.equal(2);
    await reportOnline(redis, 'n2', [], ['ann', 'nobody']);
    expect((await readConnections(redis)).online).to.equal(1);
  });

  it('of a node without reports are removed within 2 s; its next report returns 0 known users', async () => {
    await reportOnline(redis, 'n1', ['ann', 'bob'], []);
    await reportOnline(redis, 'n2', ['ann'], []);
    await reportAlive(redis, 'n1', one);
    await new Promise((resolve) => setTimeout(resolve, 1900));
    await reportAlive(redis, 'n2', two);
    expect(await readConnections(redis)).to.deep.equal({ online: 1, nodes: [two] });
    expect(await reportAlive(redis, 'n1', one)).to.equal(0);
  });

  it('of a node that retires or is swept are not counted', async () => {
    for (const leave of [() => retireNode(redis, 'n1', 5000), () => removeNode(redis, 'n1')]) {
      await renewNode(redis, 'n1');
      await reportOnline(redis, 'n1', ['ann'], []);
      await reportAlive(redis, 'n1', one);
      expect((await readConnections(redis)).online).to.equal(1);
      await leave();
      expect(await readConnections(redis)).to.deep.equal({ online: 0, nodes: [] });
    }
    expect(await redis.keys('*')).to.deep.equal([]);
  });
});
