// Every secret of a cluster is changed as docs/rotation.md says, under load, in four rollouts of all
// services, one half of the instances at a time. The last one removes the old values.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChatClient } from '@chatapi/client';
import { publicKeyOf, SERVICES, type ServiceName } from '@chatapi/kit/auth';
import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { Client } from 'pg';
import { type Balancer, startBalancer } from '../support/balancer.ts';
import { loginAdmin, rest, unique } from '../support/client.ts';
import { dispose, gatewaysOf, ownCluster, type TestCluster } from '../support/cluster.ts';
import { PNG } from '../support/images.ts';
import { clientAt, closeClients, someone } from '../support/sdk.ts';

const TWO_OF_EACH = Object.fromEntries(
  ['GATEWAY', 'AUTH', 'USER', 'MESSAGE', 'FILE', 'ADMIN'].map((name) => [`${name}_INSTANCES`, '2']),
);
const GRACE_MS = 30_000;
const PAUSE_MS = 250;

interface Secrets {
  jwt: string;
  files: string;
  services: Record<ServiceName, string>;
  roles: Record<string, string>;
}

const random = (): string => randomBytes(32).toString('base64url');
const listOf = (...all: Secrets['services'][]): string =>
  SERVICES.flatMap((name) => all.map((keys) => `${name}=${publicKeyOf(keys[name])}`)).join(',');
const renewed = <K extends string>(of: Record<K, string>): Record<K, string> =>
  Object.fromEntries(Object.keys(of).map((name) => [name, random()])) as Record<K, string>;

describe('a change of every secret, two of each service under load', function () {
  this.timeout(180_000);
  let own: TestCluster;
  let balancer: Balancer;
  let old: Secrets;
  let next: Secrets;
  const room = unique('rotation');
  const failures: string[] = [];
  let calls = 0;
  let stopped = false;
  let load: Promise<unknown>;

  /** One call to each service, over and over, as an app's. */
  async function callAll(app: ChatClient, admin: ChatClient, link: string): Promise<void> {
    for (let n = 0; !stopped; n++, await sleep(PAUSE_MS)) {
      const all: Record<string, () => Promise<unknown>> = {
        'messages.send': () => app.messages.send({ chat_id: room, content: `n${n}`, client_id: `n${n}` }),
        'users.me': () => app.users.me(),
        'users.sessions': () => app.users.sessions(),
        'chats.list': () => app.chats.list(),
        'files.list': () => app.files.list(),
        'admin.stats': () => admin.admin.stats(),
        'a link to a file': async () => {
          // Repeated once, as an SDK does and a browser too, for a gateway that stops.
          const answer = await fetch(link).catch(() => fetch(link));
          const { status } = answer.status === 503 ? await fetch(link) : answer;
          expect(status).to.equal(200);
        },
      };
      for (const [call, run] of Object.entries(all)) {
        calls++;
        await run().catch((error: Error) => void failures.push(`${call}: ${error.message}`));
      }
    }
  }

  /** Restarts all with settings of their service: first one of each two, then the other. */
  async function roll(settingsOf: (service: ServiceName) => NodeJS.ProcessEnv): Promise<void> {
    const second = (name: string): boolean => name.endsWith('-2');
    for (const half of [false, true]) {
      const names = own.instances.filter(({ name }) => second(name) === half);
      const ended = await Promise.all(
        names.map(({ name, dir }) => own.restart(name, GRACE_MS, { env: settingsOf(dir) })),
      );
      expect(new Set(ended)).to.deep.equal(new Set(['exit code 0']));
      await own.waitReady();
    }
  }

  function databaseOf(service: ServiceName): NodeJS.ProcessEnv {
    const role = `chatapi_${service}`;
    if (old.roles[role] === undefined) return {};
    const url = new URL(own.postgresUrl);
    url.username = role;
    url.password = next.roles[role] as string;
    return { DATABASE_URL: url.href, DATABASE_PASSWORD_PREVIOUS: old.roles[role] };
  }

  async function provisionPasswords(): Promise<void> {
    const db = new Client(own.postgresUrl);
    await db.connect();
    for (const [role, password] of Object.entries(next.roles))
      await db.query(`alter role ${role} password '${password}'`);
    // Connections of before stay open: new ones must be made.
    await db.query(`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'chatapi_file'`);
    await db.end();
  }

  before(async () => {
    own = await ownCluster({ ...TWO_OF_EACH, DRAIN_MS: '500' });
    balancer = await startBalancer(gatewaysOf(own));
    old = JSON.parse(readFileSync(join(own.dataDir, 'secrets.json'), 'utf8')) as Secrets;
    next = { jwt: random(), files: random(), services: renewed(old.services), roles: renewed(old.roles) };
  });
  after(async () => {
    stopped = true;
    await load;
    await closeClients();
    balancer?.stop();
    await dispose(own);
  });

  it('fails no call, logs nobody out and ends no link to a file', async () => {
    const { url } = balancer;
    const person = await someone(url);
    const token = person.session.access_token;
    const { token: adminToken } = await loginAdmin(own.url);
    await person.client.chats.create({ chat_id: room, visibility: 'public' });
    const file = (await rest({ token }, url).post('/files/upload').attach('file', PNG, 'dot.png').expect(201)).body;
    const shown = (await rest({ token }, url).get(`/files/${file.id}`).expect(200)).body;
    load = callAll(person.client, clientAt(url, { token: adminToken }), url + shown.url);
    const socket = person.client.websocket.connect(person.id);
    const heard: string[] = [];
    socket.on('message', ({ content }) => void heard.push(content));
    await socket.ready(10_000);

    const both = { SERVICE_PUBLIC_KEYS: listOf(old.services, next.services) };
    await roll((service) => ({
      ...both,
      ...databaseOf(service),
      JWT_SECRET_KEY_PREVIOUS: next.jwt,
      FILE_LINK_SECRET_PREVIOUS: next.files,
    }));
    await provisionPasswords();
    const changed = (service: ServiceName): NodeJS.ProcessEnv => ({
      ...databaseOf(service),
      JWT_SECRET_KEY: next.jwt,
      JWT_SECRET_KEY_PREVIOUS: old.jwt,
      FILE_LINK_SECRET: next.files,
      FILE_LINK_SECRET_PREVIOUS: old.files,
      SERVICE_KEY: next.services[service],
      SERVICE_KEY_PREVIOUS: old.services[service],
    });
    await roll((service) => ({ ...changed(service), ...both }));
    await roll((service) => ({ ...changed(service), SERVICE_PUBLIC_KEYS: listOf(next.services, old.services) }));
    // What is left is to remove the old values, which nobody uses any more.

    const before = calls;
    await eventually(() => calls > before + 20, 20_000);
    stopped = true;
    await load;
    expect(failures).to.deep.equal([]);
    expect(calls).to.be.greaterThan(100);
    await rest({ token }, url).get('/users/me').expect(200);
    const renewedSession = await rest(undefined, url).post('/users/refresh', {
      refresh_token: person.session.refresh_token,
    });
    expect(renewedSession.status, 'the session goes on').to.equal(200);
    await person.client.messages.send({ chat_id: room, content: 'last', client_id: 'last' });
    await eventually(() => heard.includes('last'), 20_000);
  });
});
