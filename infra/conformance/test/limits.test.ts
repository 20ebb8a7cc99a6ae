import { expect } from 'chai';
import { type Person, unique } from '../src/accounts.ts';
import { NARROW } from '../src/cluster.ts';
import type { Harness } from '../src/run-scenario.ts';
import { scenario } from '../src/scenario.ts';
import { contentsOf } from '../src/view.ts';

const { requests, frames } = NARROW;

async function calls(person: Person): Promise<void> {
  const users: { id: string }[] = await Promise.all(Array.from({ length: requests * 10 }, () => person.call('me')));
  expect(users.map(({ id }) => id)).to.deep.equal(Array(requests * 10).fill(person.id));
}

async function messages(harness: Harness, person: Person): Promise<void> {
  const room = unique('room');
  const socket = await person.connect();
  await socket.ready(40);
  const contents = Array.from({ length: frames + 10 }, (_, n) => `m${n}`);
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
