// What operators see in the metrics of a cluster that works, and of one whose Redis is frozen.

import { eventually } from '@chatapi/kit/testing';
import { internalUrlOf } from '@chatapi/local';
import { expect } from 'chai';
import { register, rest } from '../support/client.ts';
import { dispose, nodesOf, ownCluster, type TestCluster } from '../support/cluster.ts';
import { freeze } from '../support/freeze.ts';
import { closeAll, connect } from '../support/socket.ts';

const ROOM = 'measured';

describe('the metrics of a cluster', function () {
  this.timeout(120_000);
  let own: TestCluster;
  before(async () => {
    own = await ownCluster({ RATE_LIMIT_REQUESTS: '1000' });
  });
  after(async () => {
    closeAll();
    await dispose(own);
  });

  /** The sum over the series whose line begins so, in one process. */
  async function read(instance: string, series: string): Promise<number> {
    const found = own.instances.find(({ name }) => name === instance);
    if (found === undefined) throw new Error(`no instance ${instance}`);
    const text = await (await fetch(`${internalUrlOf(found)}/metrics`)).text();
    const lines = text.split('\n').filter((line) => line.startsWith(series));
    return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }

  it('show the version of every process', async () => {
    for (const { name } of own.instances) expect(await read(name, 'chatapi_build_info'), name).to.equal(1);
  });

  it('show at the other node how long a message took from its commit to the socket', async () => {
    const [ann, bob] = [await register('ann', own.url), await register('bob', own.url)];
    const [first, second] = nodesOf(own) as [string, string];
    const [a, b] = [await connect(ann, first), await connect(bob, second)];
    await rest(bob, own.url).post('/messages/', { chat_id: ROOM, content: 'opens the room' }).expect(201);
    a.send({ message: 'measured', chat_id: ROOM, client_id: 'measured' });
    await b.next('message', ({ content }) => content === 'measured');
    for (const metric of ['chatapi_signal_lag_seconds', 'chatapi_delivery_seconds'])
      expect(await read('realtime-2', `${metric}_count`), metric).to.be.at.least(1);
  });

  it('show facts that wait in the outbox, and none soon after', async () => {
    await eventually(async () => expect(await read('auth', 'chatapi_outbox_facts')).to.equal(0), 30_000);
    expect(await read('auth', 'chatapi_outbox_oldest_seconds')).to.equal(0);
    expect(await read('admin', 'chatapi_queue_jobs{queue="facts-admin",state="failed"')).to.equal(0);
  });

  it('show a frozen Redis: connections, signals, and limits in memory; and its return', async () => {
    const up = 'chatapi_redis_up{connection="commands"';
    expect(await read('api-gateway', up)).to.equal(1);
    expect(await read('realtime-1', 'chatapi_signals_live')).to.equal(1);
    const before = await read('api-gateway', 'chatapi_limiter_in_memory_total');
    const thaw = freeze(own, 'redis');
    try {
      await eventually(async () => {
        await fetch(`${own.url}/rooms`);
        expect(await read('api-gateway', up)).to.equal(0);
        expect(await read('realtime-1', 'chatapi_signals_live')).to.equal(0);
        expect(await read('api-gateway', 'chatapi_limiter_in_memory_total')).to.be.above(before);
      }, 30_000);
    } finally {
      thaw();
    }
    await eventually(async () => {
      expect(await read('api-gateway', up)).to.equal(1);
      expect(await read('realtime-1', 'chatapi_signals_live')).to.equal(1);
    }, 30_000);
  });
});
