import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { roomOf, type Socket } from '../src/accounts.ts';
import { scenario } from '../src/scenario.ts';

/** Connections of a user that the server admits. */
const MAX_CONNECTIONS = 20;
/** The delays between attempts after any other end are below this. */
const CALM_MS = 5000;
const MAX_WAIT_MS = 60_000;
const POLL_MS = 100;

const closesOf = async (sockets: Socket[]): Promise<number> => {
  const views = await Promise.all(sockets.map((socket) => socket.summary()));
  return views.flatMap(({ states }) => states.filter(({ code }) => code === 4429)).length;
};

/** Waits for a close that must come, up to a minute; counts also those that should not. */
async function eventuallyCloses(sockets: Socket[], expected: number): Promise<number> {
  for (const end = Date.now() + MAX_WAIT_MS; Date.now() < end; await sleep(POLL_MS))
    if ((await closesOf(sockets)) >= expected) break;
  return closesOf(sockets);
}

scenario('a connection too many waits, and takes a place when the app uses it', async (harness) => {
  const owner = await harness.someone();
  const person = await harness.someone();
  const room = await roomOf(owner, person);
  const sockets: Socket[] = [];
  for (let i = 0; i < MAX_CONNECTIONS + 2; i++) {
    const socket = await person.connect();
    await socket.ready();
    sockets.push(socket);
  }
  await sleep(CALM_MS);
  expect(await closesOf(sockets), 'they do not push each other out').to.equal(2);
  const crowded = sockets[0] as Socket;
  const { state, states } = await crowded.view();
  expect(state).to.equal('waiting');
  expect(states.at(-1)).to.deep.equal({ state: 'waiting', code: 4429 });
  const { seq } = await crowded.say({ chat_id: room, content: 'used' });
  await harness.expectLog(crowded, owner, room, seq);
  expect(await eventuallyCloses(sockets, 3), 'another one gave its place').to.equal(3);
});
