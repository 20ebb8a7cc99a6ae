import { expect } from 'chai';
import { Redis } from 'ioredis';
import { enterConnections, renewNode } from '../src/index.ts';

describe('connection list', () => {
  let redis: Redis;
  before(() => {
    redis = new Redis(process.env.TEST_REDIS_URL ?? '');
  });
  after(() => redis?.disconnect());

  it('keeps the order in which connections were opened, also within one call', async () => {
    const [user, node] = [`usr_${process.pid}`, `node-${process.pid}`];
    await renewNode(redis, node);
    const names = ['z', '10', '11', '2', '1'];
    const closed = await enterConnections(
      redis,
      names.map((connection) => ({ user, node, connection })),
      2,
    );
    expect(closed.map(({ connection }) => connection)).to.deep.equal(['z', '10', '11']);
  });
});
