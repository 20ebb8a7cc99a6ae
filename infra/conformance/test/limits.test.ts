import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { type Person, roomOf, type Socket, unique } from '../src/accounts.ts';
import { NARROW } from '../src/cluster.ts';
import type { Harness } from '../src/run-scenario.ts';
import { scenario } from '../src/scenario.ts';
import { contentsOf } from '../src/view.ts';

const { requests, messages: perMinute, frames } = NARROW;

async function calls(person: Person): Promise<void> {
  const users: { id: string }[] = await Promise.all(Array.from({ length: requests * 10 }, () => person.call('me')));
  expect(users.map(({ id }) => id)).to.deep.equal(Array(requests * 10).fill(person.id));
}

async function messages(harness: Harness, person: Person): Promise<void> {
  const room = unique('room');
  const socket = await person.connect();
  await socket.ready(40);
  const contents = Array.from({ length: perMinute + 10 }, (_, n) => `m${n}`);
  const sent: { seq: number }[] = await Promise.all(contents.map((content) => socket.say({ chat_id: room, content })));
  const last = Math.max(...sent.map(({ seq }) => seq));
  const view = await harness.expectLog(socket, person, room, last);
  expect(contentsOf(view.rooms[room])).to.have.members(contents);
  expect(view.errors).to.deep.equal([]);
}

scenario(
  'ten times the REST limit at once and a minute’s messages in a second: all calls wait, none fails',
  async (harness) => {
    const people = await Promise.all([harness.someone(), harness.someone()]);
    await Promise.all([calls(people[0]), messages(harness, people[1])]);
  },
  { narrow: true },
);

const MINUTE_MS = 60_000;
/** A socket over the frame limit is closed after 10 s of it. */
const GOES_ON_MS = 12_000;
const PAUSE_MS = 100;
const SOON_MS = 10_000;
const POLL_MS = 500;

/** Frames are counted per clock minute: waits, so that the limit holds for `ms`. */
async function minuteWith(ms: number): Promise<void> {
  const left = MINUTE_MS - (Date.now() % MINUTE_MS);
  if (left < ms) await sleep(left);
}

async function typeFor(ms: number, socket: Socket, room: string): Promise<void> {
  for (const end = Date.now() + ms; Date.now() < end; await sleep(PAUSE_MS)) await socket.typing(room);
}

scenario(
  'an app that types on over the frame limit is told, its socket stays, and what it sends and reads waits',
  async (harness) => {
    const [person, other] = [await harness.someone(), await harness.someone()];
    const [room, unread] = [await roomOf(person, other), await roomOf(other, person)];
    const { seq } = await other.call('send', { chat_id: unread, content: 'read me' });
    const socket = await person.connect();
    await socket.ready();
    await minuteWith(GOES_ON_MS + 8000);
    await Promise.all(Array.from({ length: frames + 10 }, () => socket.typing(room)));
    await socket.markRead(unread, seq);
    const contents = ['first', 'second', 'third'];
    const sends = Promise.all(contents.map((content) => socket.say({ chat_id: room, content })));
    await typeFor(GOES_ON_MS, socket, room);
    const { state, states, errors } = await socket.summary();
    expect(state).to.equal('connected');
    expect(states.map(({ code }) => code)).to.deep.equal([null, null]);
    expect(new Set(errors)).to.deep.equal(new Set(['RATE_LIMIT_EXCEEDED']));
    const sent: { seq: number }[] = await sends;
    const view = await harness.expectLog(socket, person, room, (sent.at(-1) as { seq: number }).seq);
    expect(contentsOf(view.rooms[room]).slice(-contents.length)).to.deep.equal(contents);
    const headers = { authorization: `Bearer ${person.session.access_token}` };
    const position = async (): Promise<number> => {
      const answer = await fetch(`${harness.cluster.url}/rooms/${unread}`, { headers });
      return ((await answer.json()) as { read_seq: number }).read_seq;
    };
    for (const end = Date.now() + SOON_MS; (await position()) < seq && Date.now() < end; ) await sleep(POLL_MS);
    expect(await position(), 'the read position arrived').to.equal(seq);
  },
  { narrow: true },
);
