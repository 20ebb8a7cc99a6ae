import { expect } from 'chai';
import { NARROW } from '../src/cluster.ts';
import { type Person, unique } from '../src/people.ts';
import { scenario } from '../src/scenario.ts';
import { contentsOf } from '../src/view.ts';
import type { World } from '../src/world.ts';

const { requests, frames } = NARROW;

async function calls(person: Person): Promise<void> {
  const told: { id: string }[] = await Promise.all(Array.from({ length: requests * 10 }, () => person.call('me')));
  expect(told.map(({ id }) => id)).to.deep.equal(Array(requests * 10).fill(person.id));
}

async function messages(world: World, person: Person): Promise<void> {
  const room = unique('room');
  const socket = await person.connect();
  await socket.ready(40);
  const contents = Array.from({ length: frames + 10 }, (_, n) => `m${n}`);
  const sent: { seq: number }[] = await Promise.all(contents.map((content) => socket.say({ chat_id: room, content })));
  const last = Math.max(...sent.map(({ seq }) => seq));
  const view = await world.expectLog(socket, person, room, last);
  expect(contentsOf(view.rooms[room])).to.have.members(contents);
  expect(view.errors).to.deep.equal([]);
}

scenario(
  'ten times the limit of REST at once, and more than a minute’s messages in a second: all is waited for, none told',
  async (world) => {
    const people = await Promise.all([world.someone(), world.someone()]);
    await Promise.all([calls(people[0]), messages(world, people[1])]);
  },
  { narrow: true },
);
