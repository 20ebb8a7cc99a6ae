import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { roomOf, type Socket } from '../src/accounts.ts';
import type { Harness } from '../src/run-scenario.ts';
import { scenario } from '../src/scenario.ts';

const PEOPLE = 8;
const LOAD_MS = 6000;

async function act(harness: Harness): Promise<void> {
  const network = await harness.network();
  network.block();
  const urls = Array.from({ length: PEOPLE }, (_, n) => (n % 2 === 0 ? undefined : network.url));
  const people = await Promise.all(urls.map((url) => harness.someone(url)));
  const [owner, ...others] = people as [(typeof people)[0], ...typeof people];
  const room = await roomOf(owner, ...others);
  const sockets = await Promise.all(people.map((person) => person.connect()));
  // The other SDKs kill the same nodes, and each kill increases the runner's restart delay.
  await Promise.all(sockets.map((socket) => socket.ready(60)));
  const end = Date.now() + LOAD_MS;
  const load = async (socket: Socket, number: number): Promise<number[]> => {
    const seqs: number[] = [];
    while (Date.now() < end) {
      seqs.push((await socket.say({ chat_id: room, content: `${number}-${seqs.length}` })).seq);
      await sleep(Math.random() * 200);
    }
    return seqs;
  };
  const loads = sockets.map(load);
  for (const node of ['realtime-1', 'realtime-2']) {
    await sleep(LOAD_MS / 3);
    harness.cluster.kill(node, 'SIGKILL');
  }
  const acked = (await Promise.all(loads)).flat();
  const { seq } = await owner.call('send', { chat_id: room, content: 'last' });
  for (const socket of sockets) await harness.expectLog(socket, owner, room, seq);
  const log: [number][] = await owner.call('iterate', { chat_id: room, after_seq: 0 });
  const held = log.map(([at]) => at);
  expect(held, 'what was acknowledged is there, once, and nothing else').to.have.members([...acked, seq]);
  await harness.cluster.waitReady();
}

const TITLE = 'both nodes are killed one after the other while eight users write, half of them without WebSocket';
scenario(TITLE, act, { alone: true, stores: true });
