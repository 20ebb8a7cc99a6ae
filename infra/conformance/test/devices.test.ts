// What the devices of a user tell each other, and what others are told beside the log.
import { openClient, roomOf } from '../src/accounts.ts';
import { scenario } from '../src/scenario.ts';
import { isTold } from '../src/told.ts';

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
