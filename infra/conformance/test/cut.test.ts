import { expect } from 'chai';
import { roomOf } from '../src/accounts.ts';
import type { Harness } from '../src/run-scenario.ts';
import { scenario } from '../src/scenario.ts';
import { contentsOf } from '../src/view.ts';

async function cutThreeTimes(harness: Harness): Promise<void> {
  const owner = await harness.someone();
  const network = await harness.network();
  const reader = await harness.someone(network.url);
  const room = await roomOf(owner, reader);
  const socket = await reader.connect();
  await socket.ready();
  for (let round = 0; round < 3; round++) {
    network.cut();
    const sending = socket.say({ chat_id: room, content: 'sent while it was cut' });
    for (let n = 0; n < 40; n++) await owner.call('send', { chat_id: room, content: `m${n}` });
    network.mend();
    await sending;
  }
  const { seq } = await owner.call('send', { chat_id: room, content: 'last' });
  const view = await harness.expectLog(socket, owner, room, seq);
  const contents = contentsOf(view.rooms[room]);
  expect(contents.filter((content) => content === 'sent while it was cut')).to.have.length(3);
  expect(contents).to.have.length(124);
  expect(view.states.filter(({ state }) => state === 'connected')).to.have.length.of.at.least(4);
}

scenario('a connection is cut three times while others write and the app sends', cutThreeTimes, { stores: true });

async function beginOffline(harness: Harness): Promise<void> {
  const writer = await harness.someone();
  const network = await harness.network();
  const reader = await harness.someone(network.url);
  const socket = await reader.connect();
  await socket.ready();
  network.cut();
  const { chat_id } = await writer.call('send', { recipient_id: reader.id, content: 'are you there?' });
  const { seq } = await writer.call('send', { recipient_id: reader.id, content: 'hello?' });
  network.mend();
  const view = await harness.expectLog(socket, writer, chat_id, seq);
  expect(contentsOf(view.rooms[chat_id])).to.deep.equal(['are you there?', 'hello?']);
}

const OFFLINE = 'a conversation that begins while the app is offline is delivered after the reconnect';
scenario(OFFLINE, beginOffline, { stores: true });
