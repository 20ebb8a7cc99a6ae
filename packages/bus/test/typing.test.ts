import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { createTypingNotices } from '../src/typing.ts';

describe('typing', () => {
  let redis: Redis;
  before(() => {
    redis = new Redis(process.env.TEST_REDIS_URL ?? '');
  });
  beforeEach(() => redis.flushdb());
  after(() => redis?.quit());

  const typist = { user_id: 'usr_a', chat_id: 'r', origin: '' };

  /** What the others are told: milliseconds, or undefined for nothing. */
  const told = async (stop: boolean, more = {}): Promise<number | undefined> => {
    const record = await createTypingNotices(redis).note({ ...typist, stop, ...more });
    return record && JSON.parse(record.frame).expires_in_ms;
  };

  it('is told once in 2 s per user and room, whichever instance hears it', async () => {
    expect([await told(false), await told(false)]).to.deep.equal([6000, undefined]);
    expect(await told(false, { chat_id: 's' })).to.equal(6000);
    expect(await told(false, { user_id: 'usr_b' })).to.equal(6000);
    await sleep(2050);
    expect(await told(false)).to.equal(6000);
  });

  it('ends by a stop at any instance, once, and only of somebody who is shown', async () => {
    expect(await told(true)).to.equal(undefined);
    expect([await told(false), await told(true), await told(true)]).to.deep.equal([6000, 0, undefined]);
    expect(await told(false), 'too soon').to.equal(undefined);
    await sleep(550);
    expect([await told(false), await told(true)]).to.deep.equal([6000, 0]);
  });

  it('leaves nothing behind, and names sender and room to the nodes', async () => {
    const record = await createTypingNotices(redis).note({ ...typist, stop: false, origin: 'con_1' });
    expect(record).to.include({ kind: 'notice', topic: 'r:r', room: 'r', sender: 'usr_a', origin: 'con_1' });
    const [key = ''] = await redis.keys('*');
    expect(await redis.pttl(key)).to.be.within(1, 6000);
    await told(true);
    expect(await redis.pttl(key)).to.be.within(1, 6000);
  });
});
