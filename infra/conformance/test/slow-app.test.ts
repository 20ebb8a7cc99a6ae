import { expect } from 'chai';
import { type Person, roomOf, type Socket } from '../src/accounts.ts';
import { scenario } from '../src/scenario.ts';
import { contentsOf } from '../src/view.ts';

const MISSED = 5000;
const MAX_GROWTH_KIB = 48 * 1024;

async function write(socket: Socket, chat_id: string, times: number): Promise<number> {
  let last = 0;
  for (let written = 0; written < times; written += 500) {
    const sent = Array.from({ length: 500 }, () => socket.say({ chat_id, content: 'x'.repeat(200) }));
    last = Math.max(...(await Promise.all(sent)).map(({ seq }) => seq));
  }
  return last;
}

const seqsOf = async (person: Person, query: object): Promise<number[]> =>
  (await person.call('iterate', query)).map(([seq]: [number]) => seq);

scenario('a slow app gets 5,000 missed events in order, in bounded memory, and can read history', async (harness) => {
  const owner = await harness.someone();
  const network = await harness.network();
  const driver = harness.another();
  const readers = await Promise.all([harness.someone(), harness.someone(network.url, driver)]);
  const [, reader] = readers;
  const room = await roomOf(owner, ...readers);
  const socket = await reader.connect({ keep: false, slow: { every: 100, ms: 20 } });
  const writing = await owner.connect({ keep: false });
  await Promise.all([socket.ready(), writing.ready()]);
  await owner.call('send', { chat_id: room, content: 'first' });
  network.cut();
  const last = await write(writing, room, MISSED);
  const before = driver.rss();
  network.mend();
  await harness.expectLog(socket, owner, room, last);
  expect(driver.rss() - before, 'KiB grown').to.be.below(MAX_GROWTH_KIB);

  const newestFirst = await seqsOf(reader, { chat_id: room });
  expect(newestFirst).to.have.length(MISSED + 1);
  expect(newestFirst).to.deep.equal(newestFirst.toSorted((a, b) => b - a));
  expect(await seqsOf(reader, { chat_id: room, after_seq: 0 })).to.deep.equal(newestFirst.toReversed());
});

scenario('a slow handler delays only later events', async (harness) => {
  const [owner, reader] = await Promise.all([harness.someone(), harness.someone()]);
  const room = await roomOf(owner, reader);
  const socket = await reader.connect({ holds: true });
  await socket.ready();
  const { seq: first } = await owner.call('send', { chat_id: room, content: 'held' });
  for (let n = 0; n < 30; n++) await owner.call('send', { chat_id: room, content: `m${n}` });
  await harness.waitForSeq(socket, room, first);
  // Calls and sends of the same client are answered while the handler of the first event runs.
  expect((await reader.call('me')).id).to.equal(reader.id);
  const { seq } = await socket.say({ chat_id: room, content: 'not held up' });
  expect((await socket.view()).rooms[room]?.last, 'handled when the answers came').to.equal(first);
  await socket.release();
  await harness.expectLog(socket, owner, room, seq);
});

scenario('a handler may call its client, and another may fail', async (harness) => {
  const [owner, reader] = await Promise.all([harness.someone(), harness.someone()]);
  const room = await roomOf(owner, reader);
  const socket = await reader.connect({ echo: room, fails: true });
  await socket.ready();
  const { seq } = await owner.call('send', { chat_id: room, content: 'hello' });
  const view = await harness.expectLog(socket, owner, room, seq + 2);
  expect(contentsOf(view.rooms[room])).to.deep.equal(['hello', 'echo', 'echo']);
});
