// A network that lets REST through and no WebSocket: the SDK goes on by events and REST.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { adminWith, openClient, roomOf } from '../src/accounts.ts';
import { failureOf } from '../src/failure.ts';
import type { Harness } from '../src/run-scenario.ts';
import { scenario } from '../src/scenario.ts';
import { shortLived } from '../src/tokens.ts';
import { isTold } from '../src/told.ts';
import { contentsOf } from '../src/view.ts';

const MANY = 40;
/** Of a token; it is renewed 6 s before it expires. */
const LIFE_S = 30;
const PAUSE_MS = 100;
/** If this process had no CPU for this long, a late renewal says nothing. */
const STARVED_MS = 1000;

async function blockedFromTheStart(harness: Harness): Promise<void> {
  const owner = await harness.someone();
  const network = await harness.network();
  network.block();
  const reader = await harness.someone(network.url);
  const room = await roomOf(owner, reader);
  const socket = await reader.connect();
  await socket.ready();
  const said = Promise.all(Array.from({ length: MANY }, (_, n) => socket.say({ chat_id: room, content: `mine ${n}` })));
  for (let n = 0; n < MANY; n++) await owner.call('send', { chat_id: room, content: `theirs ${n}` });
  const acked = (await said).map(({ seq }) => seq);
  if (!harness.kind.isBlocking)
    expect(acked, 'in the order in which they were sent').to.deep.equal(acked.toSorted((a, b) => a - b));
  network.cut();
  const sending = socket.say({ chat_id: room, content: 'sent while it was cut' });
  for (let n = 0; n < MANY; n++) await owner.call('send', { chat_id: room, content: `missed ${n}` });
  network.mend();
  await sending;
  const { seq } = await owner.call('send', { chat_id: room, content: 'last' });
  const view = await harness.expectLog(socket, owner, room, seq);
  expect(contentsOf(view.rooms[room])).to.have.length(3 * MANY + 2);
}

const FROM_THE_START = 'where WebSocket is blocked, an app connects, sends, is cut and misses nothing';
scenario(FROM_THE_START, blockedFromTheStart, { stores: true });

async function blockedLater(harness: Harness): Promise<void> {
  const owner = await harness.someone();
  const network = await harness.network();
  const reader = await harness.someone(network.url);
  const rooms: string[] = [];
  for (let n = 0; n < 6; n++) rooms.push(await roomOf(owner, reader));
  const socket = await reader.connect();
  await socket.ready();
  const say = async (content: string): Promise<number[]> => {
    const seqs: number[] = [];
    for (const chat_id of rooms) seqs.push((await owner.call('send', { chat_id, content })).seq);
    return seqs;
  };
  await say('by WebSocket');
  network.block();
  await socket.say({ chat_id: rooms[0], content: 'while it was blocked' });
  await say('missed');
  const later = await roomOf(owner, reader);
  await owner.call('send', { chat_id: later, content: 'in a room of later' });
  const last = await say('last');
  for (const [n, room] of rooms.entries()) await harness.expectLog(socket, owner, room, last[n] as number);
  const view = await harness.waitForSeq(socket, later, 3);
  expect(contentsOf(view.rooms[later])).to.deep.equal(['in a room of later']);
}

const LATER = 'when WebSocket is blocked later, an app goes on without a gap';
scenario(LATER, blockedLater, { stores: true });

async function typesBothWays(harness: Harness): Promise<void> {
  const network = await harness.network();
  network.block();
  const [owner, member] = [await harness.someone(), await harness.someone(network.url)];
  const room = await roomOf(owner, member);
  const [free, blocked] = [await owner.connect(), await member.connect()];
  await Promise.all([free.ready(), blocked.ready()]);
  for (const [writer, reader] of [
    [free, blocked],
    [blocked, free],
  ] as const) {
    await writer.typing(room);
    await isTold(reader, 'typing', room, 6000);
    await writer.typing(room, true);
    await isTold(reader, 'typing', room, 0);
  }
  // Nobody hears of themselves, and a room that is none of theirs ends nothing.
  await blocked.typing('no-such-room');
  await blocked.say({ chat_id: room, content: 'afterwards' });
  for (const socket of [free, blocked])
    expect((await socket.summary()).told.filter(([type]) => type === 'typing')).to.have.length(2);
}

const TYPES = 'where WebSocket is blocked, others see who types, and the app sees them';
scenario(TYPES, typesBothWays);

async function renewedThenBanned(harness: Harness): Promise<void> {
  const [owner, reader] = [await harness.someone(), await harness.someone()];
  const room = await roomOf(owner, reader);
  const network = await harness.network();
  network.block();
  let asked = 0;
  const driver = harness.another(() => {
    asked++;
    return shortLived(reader.session.access_token, LIFE_S);
  });
  const client = await openClient(driver, { base_url: network.url, asks_token: true });
  const socket = await client.connect();
  await socket.ready();
  let starved = false;
  for (let before = Date.now(); asked < 2; before = Date.now()) {
    await owner.call('send', { chat_id: room, content: 'while the token is renewed' });
    await sleep(PAUSE_MS);
    starved ||= Date.now() - before > STARVED_MS;
  }
  await socket.say({ chat_id: room, content: 'with the new token' });
  const { seq } = await owner.call('send', { chat_id: room, content: 'last' });
  const { states } = await harness.expectLog(socket, owner, room, seq);
  if (!starved) expect(states.filter(({ state }) => state === 'connected')).to.have.length(1);
  const ended = failureOf(socket.ended());
  await (await adminWith(harness.driver, harness.cluster.url)).call('ban', { user_id: reader.id });
  expect((await ended).code).to.equal('AUTHORIZATION_ERROR');
  expect((await socket.view()).state).to.equal('closed');
}

const RENEWED = 'where WebSocket is blocked, a token is renewed without a gap, and a ban ends the connection';
scenario(RENEWED, renewedThenBanned);
