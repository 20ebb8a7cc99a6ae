import { testKeys } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import {
  enterTopics,
  leaveTopics,
  nodeChannel,
  nodesOf,
  presentNodes,
  removeNode,
  renewNode,
  sweepNodes,
} from '../src/interest-map.ts';
import type { PacketRecord } from '../src/packet.ts';
import { createSignalCheck } from '../src/signal-check.ts';
import { createSignals } from '../src/signals.ts';

const record = (topic: string, seq: number): PacketRecord => ({
  kind: 'event',
  topic,
  room: topic.slice(2),
  seq,
  sender: '',
  origin: '',
  frame: `{"seq":${seq}}`,
});

describe('interest map', () => {
  let redis: Redis;
  before(() => {
    redis = new Redis(process.env.TEST_REDIS_URL ?? '');
  });
  beforeEach(() => redis.flushdb());
  after(() => redis?.quit());

  it('lists each node of a topic once, and removes the topic with its last node', async () => {
    await enterTopics(redis, 'n1', ['r:a', 'r:b', 'r:a']);
    await enterTopics(redis, 'n11', ['r:a']);
    expect(await nodesOf(redis, ['r:a', 'r:b', 'r:c'])).to.deep.equal([['n1', 'n11'], ['n1'], []]);
    await leaveTopics(redis, 'n1', ['r:a', 'r:b']);
    expect(await nodesOf(redis, ['r:a', 'r:b'])).to.deep.equal([['n11'], []]);
    await leaveTopics(redis, 'n11', ['r:a']);
    expect(await redis.exists('chatapi:interest')).to.equal(0);
  });

  it('enters thousands of topics at once', async () => {
    const topics = Array.from({ length: 2500 }, (_, i) => `r:${i}`);
    await enterTopics(redis, 'n1', topics);
    expect((await nodesOf(redis, ['r:0', 'r:2499'])).flat()).to.deep.equal(['n1', 'n1']);
    expect(await removeNode(redis, 'n1')).to.have.length(2500);
    expect(await redis.keys('chatapi:*')).to.deep.equal([]);
  });

  it('keeps those of thousands of topics that are wanted again before their chunk is sent', async () => {
    const topics = Array.from({ length: 2500 }, (_, i) => `r:${i}`);
    await enterTopics(redis, 'n1', topics);
    const wanted = new Set<string>();
    const leaving = leaveTopics(redis, 'n1', topics, (topic) => wanted.has(topic));
    wanted.add('r:0').add('r:2499');
    await Promise.all([enterTopics(redis, 'n1', [...wanted]), leaving]);
    expect(await nodesOf(redis, ['r:0', 'r:1', 'r:2498', 'r:2499'])).to.deep.equal([['n1'], [], [], ['n1']]);
  });

  it('tells a node that it is no longer in the map', async () => {
    expect(await renewNode(redis, 'n1')).to.equal(false);
    expect(await renewNode(redis, 'n1')).to.equal(true);
    expect(await presentNodes(redis)).to.deep.equal(['n1']);
    await redis.flushdb();
    expect(await renewNode(redis, 'n1')).to.equal(false);
  });

  it('removes a node whose lease expired, with its topics', async () => {
    await renewNode(redis, 'n1');
    await enterTopics(redis, 'n1', ['u:x']);
    await redis.zadd('chatapi:nodes', Date.now() - 1, 'n1');
    expect(await presentNodes(redis)).to.deep.equal([]);
    expect(await sweepNodes(redis)).to.deep.equal([{ node: 'n1', topics: ['u:x'] }]);
    expect(await nodesOf(redis, ['u:x'])).to.deep.equal([[]]);
  });

  it('sends a batch as one signal to each interested node, in order', async () => {
    const subscriber = redis.duplicate();
    const got: [string, number[]][] = [];
    subscriber.on('messageBuffer', (channel, packet) => {
      const name = channel.toString();
      const check = createSignalCheck(testKeys('realtime-gateway'), name.split(':').at(-1) as string);
      got.push([name, (check.open(packet) ?? []).map(({ seq }) => seq)]);
    });
    await subscriber.subscribe(nodeChannel('n1'), nodeChannel('n2'), nodeChannel('n3'));
    await enterTopics(redis, 'n1', ['r:a', 'r:b']);
    await enterTopics(redis, 'n2', ['r:b']);
    const signals = createSignals(redis, testKeys('message'));
    await signals.publish([record('r:a', 1), record('r:b', 7), record('r:nobody', 3), record('r:a', 2)]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await subscriber.quit();
    expect(got.sort()).to.deep.equal([
      [nodeChannel('n1'), [1, 7, 2]],
      [nodeChannel('n2'), [7]],
    ]);
  });
});
