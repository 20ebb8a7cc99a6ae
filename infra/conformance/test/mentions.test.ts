import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { type Person, roomOf, type Socket } from '../src/accounts.ts';
import { scenario } from '../src/scenario.ts';

const LOOK_MS = 100;
const MAX_LOOKS = 100;

/** Who is mentioned by the last event with this content. */
async function mentionedBy(socket: Socket, room: string, content: string, who: Person): Promise<string[] | null> {
  for (let looks = 1; ; looks++) {
    const entries = (await socket.view()).rooms[room]?.entries ?? [];
    const mentions = entries.findLast(([, , , text]) => text === content)?.[4] ?? null;
    if (mentions?.includes(who.id) || looks === MAX_LOOKS) return mentions;
    await sleep(LOOK_MS);
  }
}

scenario('who is mentioned reaches apps by edits, and when a new account becomes known', async (harness) => {
  const owner = await harness.someone();
  const member = await harness.someone();
  const room = await roomOf(owner, member);
  const socket = await member.connect();
  await socket.ready();
  const { id } = await owner.call('send', { chat_id: room, content: 'plain' });
  const edited = `now _@${member.username}_`;
  expect((await owner.call('edit', { message_id: id, content: edited })).mentions).to.deep.equal([member.id]);
  expect(await mentionedBy(socket, room, edited, member)).to.deep.equal([member.id]);

  const newcomer = await harness.someone();
  const welcome = `welcome @${newcomer.username}!`;
  await owner.call('send', { chat_id: room, content: welcome });
  expect(await mentionedBy(socket, room, welcome, newcomer)).to.deep.equal([newcomer.id]);
});

scenario('a search finds parts of links and other spellings in one room', async (harness) => {
  const owner = await harness.someone();
  const [room, other] = [await roomOf(owner), await roomOf(owner)];
  for (const chat_id of [room, other])
    await owner.call('send', { chat_id, content: 'https://example.com/Crème 我家在上海东边' });
  for (const q of ['creme', 'example.com', '上海'])
    expect(await owner.call('search', { q, chat_id: room }), q).to.have.length(1);
  expect(await owner.call('search', { q: 'creme -上海', chat_id: room })).to.deep.equal([]);
});
