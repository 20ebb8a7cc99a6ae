// A backend that follows rooms by REST.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { roomOf } from '../src/accounts.ts';
import { backendOf } from '../src/backend.ts';
import { failureOf } from '../src/failure.ts';
import { scenario } from '../src/scenario.ts';

/** More than one page of the SDK. */
const MANY = 230;

scenario('a backend follows a private room: each event once, in order, over a cut network', async (harness) => {
  const network = await harness.network();
  const backend = await backendOf(harness, ['events:read'], network.url);
  const ann = await harness.someone();
  const room = await roomOf(ann);
  const { seq: first } = await ann.call('send', { chat_id: room, content: 'before' });
  const to = first + MANY;
  const followed = backend('follow', { chat_id: room, after: 0, to });
  const sent = [];
  for (let n = 0; n < MANY; n++) {
    if (n === MANY - 20) network.cut();
    sent.push(await ann.call('send', { chat_id: room, content: `${n}` }));
  }
  await sleep(500);
  network.mend();
  const events: [number, string, string | null][] = await followed;
  expect(events.map(([seq]) => seq)).to.deep.equal(Array.from({ length: to }, (_, i) => i + 1));
  expect(events.slice(-MANY).map(([, , id]) => id)).to.deep.equal(sent.map(({ id }) => id));
  expect(events[0]?.[1]).to.equal('member_joined');

  expect((await failureOf(backend('follow', { chat_id: 'missing', after: 0, to: 1 }))).code).to.equal(
    'RESOURCE_NOT_FOUND',
  );
  const { details } = await failureOf(backend('follow', { chat_id: room, after: to + 5, to: to + 6 }));
  expect(details).to.deep.equal({ reason: 'log_incomplete', after: to + 5, continue_after: to });
});

scenario('a backend without events:read follows nothing', async (harness) => {
  const backend = await backendOf(harness, ['messages:read']);
  const { details } = await failureOf(backend('follow', { chat_id: 'general', after: 0, to: 1 }));
  expect(details).to.deep.equal({ reason: 'scope', scope: 'events:read' });
});
