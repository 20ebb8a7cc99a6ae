import { expect } from 'chai';
import { roomOf } from '../src/people.ts';
import { scenario } from '../src/scenario.ts';
import { contentsOf } from '../src/view.ts';

scenario('a connection that is cut three times, while others write and the app sends', async (world) => {
  const owner = await world.someone();
  const network = await world.network();
  const reader = await world.someone(network.url);
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
  const view = await world.expectLog(socket, owner, room, seq);
  const contents = contentsOf(view.rooms[room]);
  expect(contents.filter((content) => content === 'sent while it was cut')).to.have.length(3);
  expect(contents).to.have.length(124);
  expect(view.states.filter(({ state }) => state === 'connected')).to.have.length.of.at.least(4);
});

scenario('a conversation that begins while the app is away is there on its return', async (world) => {
  const writer = await world.someone();
  const network = await world.network();
  const reader = await world.someone(network.url);
  const socket = await reader.connect();
  await socket.ready();
  network.cut();
  const { chat_id } = await writer.call('send', { recipient_id: reader.id, content: 'are you there?' });
  const { seq } = await writer.call('send', { recipient_id: reader.id, content: 'hello?' });
  network.mend();
  const view = await world.expectLog(socket, writer, chat_id, seq);
  expect(contentsOf(view.rooms[chat_id])).to.deep.equal(['are you there?', 'hello?']);
});
