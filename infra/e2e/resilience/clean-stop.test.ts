// SIGTERM to every instance in turn, behind a balancer that does not know of it, under load.
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChatClient } from '@chatapi/client';
import { eventually } from '@chatapi/kit/testing';
import { TWO_OF_EACH } from '@chatapi/local';
import { expect } from 'chai';
import { type Balancer, startBalancer } from '../support/balancer.ts';
import { loginAdmin, unique } from '../support/client.ts';
import { dispose, gatewaysOf, ownCluster, type TestCluster } from '../support/cluster.ts';
import { clientAt, closeClients, someone } from '../support/sdk.ts';

const GRACE_MS = 30_000;
const APPS = 3;
const PAUSE_MS = 250;

describe('a clean stop of any instance, two of each under load', function () {
  this.timeout(180_000);
  let own: TestCluster;
  let balancer: Balancer;
  const room = unique('stops');
  const failures: string[] = [];
  const sent: string[] = [];
  const received: string[][] = [];
  let stopped = false;
  let load: Promise<unknown>;

  /** One call to each service, over and over, as an app's. */
  async function callAll(app: ChatClient, admin: ChatClient, name: string): Promise<void> {
    for (let n = 0; !stopped; n++, await sleep(PAUSE_MS)) {
      const content = `${name}-${n}`;
      const calls: Record<string, () => Promise<unknown>> = {
        'messages.send': async () => {
          await app.messages.send({ chat_id: room, content, client_id: content });
          sent.push(content);
        },
        'users.me': () => app.users.me(),
        'users.sessions': () => app.users.sessions(),
        'chats.list': () => app.chats.list(),
        'chats.join': () => app.chats.join(room),
        'files.list': () => app.files.list(),
        'admin.stats': () => admin.admin.stats(),
        'webhooks.list': () => admin.webhooks.list(),
      };
      for (const [call, run] of Object.entries(calls))
        await run().catch((error: Error) => void failures.push(`${call}: ${error.message}`));
    }
  }

  before(async () => {
    own = await ownCluster({ ...TWO_OF_EACH, DRAIN_MS: '500' });
    balancer = await startBalancer(gatewaysOf(own));
    const { url } = balancer;
    const admin = clientAt(url, { token: (await loginAdmin(own.url)).token });
    const apps = await Promise.all(Array.from({ length: APPS }, () => someone(url)));
    await (apps[0] as (typeof apps)[0]).client.chats.create({ chat_id: room, visibility: 'public' });
    for (const { client, id } of apps) {
      await client.chats.join(room);
      const socket = client.websocket.connect(id);
      const mine: string[] = [];
      socket.on('message', ({ chat_id, content }) => void (chat_id === room && mine.push(content)));
      await socket.ready(10_000);
      received.push(mine);
    }
    load = Promise.all(apps.map(({ client }, i) => callAll(client, admin, `app-${i}`)));
  });
  after(async () => {
    stopped = true;
    await load;
    await closeClients();
    balancer?.stop();
    await dispose(own);
  });

  it('exits with 0, fails no call and loses no message', async () => {
    const ended: Record<string, string> = {};
    for (const { name } of own.instances) {
      const before = sent.length;
      ended[name] = await own.restart(name, GRACE_MS);
      await own.waitReady();
      await eventually(() => expect(sent.length).to.be.greaterThan(before + APPS), 10_000);
    }
    stopped = true;
    await load;
    expect(failures).to.deep.equal([]);
    expect(ended).to.deep.equal(Object.fromEntries(own.instances.map(({ name }) => [name, 'exit code 0'])));
    await eventually(() => {
      for (const mine of received) expect(mine.toSorted()).to.deep.equal(sent.toSorted());
    }, 20_000);
    for (const mine of received) expect(mine).to.deep.equal(received[0]);
  });
});
