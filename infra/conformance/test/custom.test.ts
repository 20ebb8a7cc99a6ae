// `custom` of messages: sent, edited, received live and after a cut, and shown by the stores.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { roomOf, type Socket } from '../src/accounts.ts';
import type { Harness } from '../src/run-scenario.ts';
import { scenario } from '../src/scenario.ts';

const LOOK_MS = 100;
const MAX_LOOKS = 300;

const CUSTOM = { order: 4711, code: 'Map<string, number> & <b>ü</b>', nested: { list: [1, null, { deep: true }] } };

/** Waits until the last event, or what is shown, with this content bears this. */
async function expectCustom(socket: Socket, room: string, content: string, custom: object | null): Promise<void> {
  for (let looks = 1; ; looks++) {
    const entries = (await socket.view()).rooms[room]?.entries ?? [];
    const last = entries.findLast(([, , , text]) => text === content);
    const isIt = last !== undefined && JSON.stringify(last[5]) === JSON.stringify(custom);
    if (isIt || looks === MAX_LOOKS) {
      expect(last?.[5], content).to.deep.equal(custom);
      return;
    }
    await sleep(LOOK_MS);
  }
}

async function travels(harness: Harness, isBlocked: boolean): Promise<void> {
  const owner = await harness.someone();
  const network = await harness.network();
  if (isBlocked) network.block();
  const reader = await harness.someone(network.url);
  const room = await roomOf(owner, reader);
  const socket = await reader.connect();
  await socket.ready();

  const sent = await owner.call('send', { chat_id: room, content: 'theirs', custom: CUSTOM });
  expect(sent.custom).to.deep.equal(CUSTOM);
  await owner.call('send', { chat_id: room, content: 'without' });
  expect((await socket.say({ chat_id: room, content: 'mine', custom: { mine: 1 } })).custom).to.deep.equal({ mine: 1 });
  await expectCustom(socket, room, 'theirs', CUSTOM);
  await expectCustom(socket, room, 'without', null);
  await expectCustom(socket, room, 'mine', { mine: 1 });

  const patch = { code: null, nested: { more: 2 } };
  const custom = { order: 4711, nested: { list: CUSTOM.nested.list, more: 2 } };
  const edit = (args: object): Promise<any> => owner.call('edit', { message_id: sent.id, ...args });
  expect(await edit({ custom: patch })).to.deep.include({ content: 'theirs', custom, is_edited: true });
  await expectCustom(socket, room, 'theirs', custom);

  network.cut();
  await owner.call('send', { chat_id: room, content: 'missed', custom: CUSTOM });
  expect((await edit({ content: 'missed edit' })).custom).to.deep.equal(custom);
  const sending = socket.say({ chat_id: room, content: 'sent while it was cut', custom: { cut: true } });
  network.mend();
  await sending;
  await expectCustom(socket, room, 'missed', CUSTOM);
  await expectCustom(socket, room, 'missed edit', custom);
  await expectCustom(socket, room, 'sent while it was cut', { cut: true });

  expect(await edit({ custom: { order: null, nested: null } })).to.not.have.property('custom');
  await expectCustom(socket, room, 'missed edit', null);
  const error = await edit({ custom: { a: 'x'.repeat(4096) } }).catch((thrown) => thrown);
  expect([error.code, error.status]).to.deep.equal(['VALIDATION_ERROR', 400]);
}

const TRAVELS = 'custom of messages reaches apps live, by edits, after a cut, and is gone when its keys are removed';
scenario(TRAVELS, (harness) => travels(harness, false), { stores: true });
scenario(`where WebSocket is blocked, ${TRAVELS}`, (harness) => travels(harness, true), { stores: true });
