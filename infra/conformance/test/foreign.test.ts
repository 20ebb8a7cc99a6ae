// Answers of a captive portal or proxy between the app and the server.
import { expect } from 'chai';
import { roomOf, unique } from '../src/accounts.ts';
import type { SdkError } from '../src/driver.ts';
import type { Page } from '../src/network.ts';
import { scenario } from '../src/scenario.ts';
import { contentsOf } from '../src/view.ts';

const failureOf = (work: Promise<unknown>): Promise<SdkError> =>
  work.then(
    (answer) => {
      throw new Error(`it was answered with ${JSON.stringify(answer)}`);
    },
    (error: SdkError) => error,
  );

const HTML = { headers: { 'Content-Type': 'text/html' }, body: '<html>log in</html>' };
const PORTAL = 'https://portal.example/login';

const PAGES: [string, Page, string][] = [
  ['200 without a body', { status: 200 }, 'NETWORK_ERROR'],
  ['204', { status: 204 }, 'NETWORK_ERROR'],
  ['200 with foreign JSON', { status: 200, body: '{"ok":true}' }, 'NETWORK_ERROR'],
  ['200 with a page', { status: 200, ...HTML }, 'NETWORK_ERROR'],
  ['200 with half an answer', { status: 200, body: '{"id":"msg_' }, 'NETWORK_ERROR'],
  ['302 to a portal', { status: 302, headers: { Location: PORTAL } }, 'NETWORK_ERROR'],
  ['307 to a portal', { status: 307, headers: { Location: PORTAL } }, 'NETWORK_ERROR'],
  ['401 with a page', { status: 401, ...HTML }, 'AUTHENTICATION_ERROR'],
  ['403 with a page', { status: 403, ...HTML }, 'AUTHORIZATION_ERROR'],
  ['413 with a page', { status: 413, ...HTML }, 'PAYLOAD_TOO_LARGE'],
  ['429 with a page', { status: 429, ...HTML, headers: { 'Retry-After': '0' } }, 'RATE_LIMIT_EXCEEDED'],
];

scenario('answers of a captive portal are errors of their kind, and no session ends', async (harness) => {
  const network = await harness.network();
  const person = await harness.someone(network.url);
  for (const [what, page, code] of PAGES) {
    network.capture(page);
    // Not retried, so that the scenario does not wait.
    const calls = [
      person.call('create_room', { chat_id: unique('room'), member_ids: [] }),
      person.call('upload', { name: 'a.txt', size: 100 }),
    ];
    for (const error of await Promise.all(calls.map(failureOf))) {
      expect(error, what).to.include({ code, foreign: true });
      if (page.headers?.Location !== undefined) expect(error.details).to.deep.equal({ location: PORTAL });
    }
    network.mend();
    expect((await person.call('me')).id, what).to.equal(person.id);
  }
});

scenario('a send during a captive portal arrives once after it, and the connection lives on', async (harness) => {
  const network = await harness.network();
  const owner = await harness.someone();
  const person = await harness.someone(network.url);
  const room = await roomOf(owner, person);
  const socket = await person.connect();
  await socket.ready();
  network.capture({ status: 200 });
  // Settled at once: a rejection that nobody awaits yet would fail the test.
  const sending = Promise.allSettled([
    person.call('send', { chat_id: room, content: 'by REST' }),
    socket.say({ chat_id: room, content: 'by the socket' }),
  ]);
  while (!network.captured.some(({ path }) => path.startsWith('/messages')))
    await new Promise((end) => setTimeout(end, 20));
  network.capture({ status: 401, ...HTML });
  while (!network.captured.some(({ path }) => path.startsWith('/ws/'))) await new Promise((end) => setTimeout(end, 20));
  network.mend();
  const outcomes = await sending;
  const { seq } = await owner.call('send', { chat_id: room, content: 'last' });
  const view = await harness.expectLog(socket, owner, room, seq);
  const contents = contentsOf(view.rooms[room]);
  // The page with 401 may have refused the call by REST; nothing may be taken for sent that is not.
  const taken = outcomes[0]?.status === 'fulfilled' ? 1 : 0;
  expect(contents.filter((content) => content === 'by REST')).to.have.length(taken);
  expect(contents.filter((content) => content === 'by the socket')).to.have.length(1);
  expect((await person.call('me')).id).to.equal(person.id);
});
