// What the devices of a user tell each other, and what others are told beside the log.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { openClient, roomOf, type Socket } from '../src/accounts.ts';
import { scenario } from '../src/scenario.ts';

const LOOK_MS = 100;
const MAX_LOOKS = 200;

/** Waits until a connection has been told this. */
async function isTold(socket: Socket, ...told: [string, string, number | string]): Promise<void> {
  for (let looks = 1; ; looks++) {
    const all = (await socket.summary()).told;
    if (all.some((one) => JSON.stringify(one) === JSON.stringify(told))) return;
    if (looks === MAX_LOOKS) expect(all).to.deep.include(told);
    await sleep(LOOK_MS);
  }
}

scenario('what one device has read, the other hears, also after it was away', async (harness) => {
  const [owner, member] = [await harness.someone(), await harness.someone()];
  const room = await roomOf(owner, member);
  const [here, there] = [await member.connect(), await member.connect()];
  await Promise.all([here.ready(), there.ready()]);
  const { seq } = await owner.call('send', { chat_id: room, content: 'one' });
  await here.markRead(room, seq);
  await isTold(there, 'read', room, seq);

  const network = await harness.network();
  const client = await openClient(harness.driver, { base_url: network.url, token: member.session.access_token });
  const away = await client.connect();
  await away.ready();
  network.cut();
  const { seq: later } = await owner.call('send', { chat_id: room, content: 'two' });
  await here.markRead(room, later);
  await isTold(there, 'read', room, later);
  network.mend();
  await isTold(away, 'read', room, later);
});

scenario('who stops typing is told to have stopped, and a new name is told to those who see it', async (harness) => {
  const [owner, member] = [await harness.someone(), await harness.someone()];
  const room = await roomOf(owner, member);
  const [writer, reader] = [await owner.connect(), await member.connect()];
  await Promise.all([writer.ready(), reader.ready()]);
  await writer.typing(room);
  await isTold(reader, 'typing', room, 6000);
  await writer.typing(room, true);
  await isTold(reader, 'typing', room, 0);
  await owner.call('rename', { display_name: 'Another Name' });
  await isTold(reader, 'user_updated', owner.id, 'Another Name');
});
