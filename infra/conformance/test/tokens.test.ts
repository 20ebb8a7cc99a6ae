import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { openClient, unique } from '../src/people.ts';
import { scenario } from '../src/scenario.ts';
import { shortLived } from '../src/tokens.ts';
import type { Scenario } from '../src/world.ts';

const LIFE_S = 10;
const RENEWALS = 2;
/** A fifth of its life before its end a token is renewed; its end is a whole second. */
const LEAST_LIFE_MS = LIFE_S * 800 - 1000;
const LOOK_MS = 50;

/** A token's function is asked in time, by the server's clock: not before there is need, and the socket lives on. */
const renewing =
  (clockSeconds: number): Scenario =>
  async (world) => {
    const { session } = await world.someone();
    let given = 0;
    let first = 0;
    const driver = world.another(() => {
      first ||= Date.now();
      given += 1;
      return shortLived(session.access_token, LIFE_S);
    });
    await driver.call('clock', { seconds: clockSeconds });
    const client = await openClient(driver, { base_url: world.cluster.url, asks_token: true });
    const socket = await client.connect();
    await socket.ready();
    while (given <= RENEWALS) await sleep(LOOK_MS);
    expect((await client.call('me')).id).to.equal(session.user.id);
    await socket.say({ chat_id: unique('room'), content: 'still here' });
    const { states } = await socket.view();
    expect(states.map(({ state }) => state)).to.not.include('waiting');
    expect(given, 'not asked before there is need').to.be.at.most(1 + Math.ceil((Date.now() - first) / LEAST_LIFE_MS));
  };

scenario('a token that ends is renewed on the live socket', renewing(0));
scenario('… with a clock that is 5 minutes fast', renewing(300));
scenario('… with a clock that is 5 minutes slow', renewing(-300));

scenario('two processes share one refresh token, and both go on', async (world) => {
  const { session } = await world.someone();
  const drivers = [world.driver, world.another()];
  const options = {
    base_url: world.cluster.url,
    token: shortLived(session.access_token, -10),
    refresh_token: session.refresh_token,
  };
  const clients = await Promise.all(drivers.map((driver) => openClient(driver, options)));
  const told = await Promise.all(
    clients.flatMap((client) => Array.from({ length: 3 }, (): Promise<{ id: string }> => client.call('me'))),
  );
  expect(told.map(({ id }) => id)).to.deep.equal(Array(6).fill(session.user.id));
  const sockets = await Promise.all(clients.map((client) => client.connect()));
  await Promise.all(sockets.map((socket) => socket.ready()));
});
