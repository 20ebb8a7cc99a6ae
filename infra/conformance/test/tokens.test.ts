import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { openClient, PASSWORD, unique } from '../src/accounts.ts';
import type { Harness, Scenario } from '../src/run-scenario.ts';
import { scenario } from '../src/scenario.ts';
import { shortLived } from '../src/tokens.ts';

/** Renewed 6 s before it expires. */
const LIFE_S = 30;
/** A token is renewed a fifth of its lifetime before its expiry, which is a whole second. */
const MIN_LIFE_MS = LIFE_S * 800 - 1000;
const POLL_MS = 50;
/** If this process had no CPU for this long, a late renewal says nothing. */
const STARVED_MS = 1000;
const ATTEMPTS = 4;

interface Renewal {
  states: string[];
  /** How often the app was asked for a token, and the allowed maximum. */
  asked: number;
  limit: number;
  starved: boolean;
}

async function renew(harness: Harness, clockSeconds: number): Promise<Renewal> {
  const { session } = await harness.someone();
  let [asked, first] = [0, 0];
  const driver = harness.another(() => {
    first ||= Date.now();
    asked += 1;
    return shortLived(session.access_token, LIFE_S);
  });
  await driver.call('clock', { seconds: clockSeconds });
  const client = await openClient(driver, { base_url: harness.cluster.url, asks_token: true });
  const socket = await client.connect();
  await socket.ready();
  let starved = false;
  for (let before = Date.now(); asked < 2; before = Date.now()) {
    await sleep(POLL_MS);
    starved ||= Date.now() - before > STARVED_MS;
  }
  expect((await client.call('me')).id).to.equal(session.user.id);
  await socket.say({ chat_id: unique('room'), content: 'still here' });
  const states = (await socket.view()).states.map(({ state }) => state);
  return { states, asked, limit: 1 + Math.ceil((Date.now() - first) / MIN_LIFE_MS), starved };
}

/**
 * The token function is called in time by the server's clock, not early, and the socket stays open.
 */
const renewing =
  (clockSeconds: number): Scenario =>
  async (harness) => {
    for (let attempt = 1; ; attempt++) {
      const { states, asked, limit, starved } = await renew(harness, clockSeconds);
      if (states.includes('waiting') && starved && attempt < ATTEMPTS) continue;
      expect(states).to.not.include('waiting');
      expect(asked, 'not asked before there is need').to.be.at.most(limit);
      return;
    }
  };

scenario('an expiring token is renewed on the live socket', renewing(0));
scenario('… with a clock that is 5 minutes fast', renewing(300));
scenario('… with a clock that is 5 minutes slow', renewing(-300));

scenario('two processes share one refresh token, and both continue', async (harness) => {
  const { session } = await harness.someone();
  const drivers = [harness.driver, harness.another()];
  const options = {
    base_url: harness.cluster.url,
    token: shortLived(session.access_token, -10),
    refresh_token: session.refresh_token,
  };
  const clients = await Promise.all(drivers.map((driver) => openClient(driver, options)));
  const users = await Promise.all(
    clients.flatMap((client) => Array.from({ length: 3 }, (): Promise<{ id: string }> => client.call('me'))),
  );
  expect(users.map(({ id }) => id)).to.deep.equal(Array(6).fill(session.user.id));
  const sockets = await Promise.all(clients.map((client) => client.connect()));
  await Promise.all(sockets.map((socket) => socket.ready()));
});

for (const [command, args] of [
  ['change_password', { current_password: PASSWORD, new_password: 'granite-window-sail-88' }],
  ['end_others', {}],
] as const) {
  scenario(`${command}: this client and its connections continue, a copy of its tokens does not`, async (harness) => {
    const person = await harness.someone();
    const { access_token: token, refresh_token } = person.session;
    const copy = await openClient(harness.driver, { base_url: harness.cluster.url, token, refresh_token });
    const sockets = [await person.connect(), await person.connect()];
    const thief = await copy.connect();
    for (const socket of [...sockets, thief]) await socket.ready();
    const ended = thief.ended().catch((error: { code: string }) => error.code);
    const tokens = await person.call(command, args);
    expect(tokens).to.include.keys('access_token', 'refresh_token', 'expires_in');
    expect(await ended).to.equal('AUTHENTICATION_ERROR');
    for (const [i, socket] of sockets.entries()) await socket.say({ chat_id: unique('room'), content: `after ${i}` });
    expect((await person.call('me')).id).to.equal(person.id);
    for (const socket of sockets) {
      const { state, states } = await socket.view();
      expect(state).to.equal('connected');
      expect(states.map(({ code }) => code)).to.include(4401);
    }
  });
}
