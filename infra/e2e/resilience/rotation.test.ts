// Every secret of a cluster is changed as docs/rotation.md says, under load, in four rollouts of
// all services, one half of the instances at a time. The last one removes the old values.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChatClient } from '@chatapi/client';
import { createServiceKeys, identityHeaders, publicKeyOf, SERVICES, type ServiceName } from '@chatapi/kit/auth';
import { eventually, userIdentity } from '@chatapi/kit/testing';
import { type Instance, TWO_OF_EACH, urlOf } from '@chatapi/local';
import { expect } from 'chai';
import { Client } from 'pg';
import { type Balancer, startBalancer } from '../support/balancer.ts';
import { loginAdmin, rest, unique } from '../support/client.ts';
import { dispose, gatewaysOf, nodesOf, ownCluster, type TestCluster } from '../support/cluster.ts';
import { PNG } from '../support/images.ts';
import { clientAt, closeClients, type Person, someone } from '../support/sdk.ts';
import { refusedUpgrade, wsUrl } from '../support/socket.ts';

const GRACE_MS = 30_000;
const PAUSE_MS = 250;

interface Secrets {
  jwt: string;
  files: string;
  sealing: string;
  services: Record<ServiceName, string>;
  roles: Record<string, string>;
}

/** A call to each service that has a client behind the gateway. */
const OF_SERVICE: Record<string, string> = {
  auth: '/users/me/sessions',
  user: '/users/me',
  message: '/rooms',
  file: '/files',
  admin: '/admin/dashboard/stats',
  integration: '/admin/webhooks',
};

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
  let person: Person;
  let admin: ChatClient;
  let file: string;
  /** Signed with the old secrets at first. */
  let link: string;
  const heard: string[] = [];

  /** One call to each service, over and over, as an app's. */
  async function callAll(app: ChatClient): Promise<void> {
    for (let n = 0; !stopped; n++, await sleep(PAUSE_MS)) {
      const all: Record<string, () => Promise<unknown>> = {
        'messages.send': () => app.messages.send({ chat_id: room, content: `n${n}`, client_id: `n${n}` }),
        'users.me': () => app.users.me(),
        'users.sessions': () => app.users.sessions(),
        'chats.list': () => app.chats.list(),
        'files.list': () => app.files.list(),
        'admin.stats': () => admin.admin.stats(),
        'webhooks.list': () => admin.webhooks.list(),
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

  const roleOf = (service: ServiceName): string => `chatapi_${service}`;
  const hasRole = (service: ServiceName): boolean => old.roles[roleOf(service)] !== undefined;

  function databaseOf(service: ServiceName): NodeJS.ProcessEnv {
    if (!hasRole(service)) return {};
    const url = new URL(own.postgresUrl);
    url.username = roleOf(service);
    url.password = next.roles[roleOf(service)] as string;
    return { DATABASE_URL: url.href };
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
    next = {
      jwt: random(),
      files: random(),
      sealing: random(),
      services: renewed(old.services),
      roles: renewed(old.roles),
    };
  });
  after(async () => {
    stopped = true;
    await load;
    await closeClients();
    balancer?.stop();
    await dispose(own);
  });

  const linkNow = async (): Promise<string> => `${balancer.url}${(await person.client.files.get(file)).url}`;
  const loginNow = async (): Promise<ChatClient> =>
    clientAt(balancer.url, { token: (await loginAdmin(balancer.url)).token });

  /** Settings after the change of a value that has a second one. */
  const changed = (service: ServiceName): NodeJS.ProcessEnv => ({
    ...databaseOf(service),
    JWT_SECRET_KEY: next.jwt,
    FILE_LINK_SECRET: next.files,
    SEALING_KEY: next.sealing,
    SERVICE_KEY: next.services[service],
  });
  const oldAsPrevious = (service: ServiceName): NodeJS.ProcessEnv => ({
    JWT_SECRET_KEY_PREVIOUS: old.jwt,
    FILE_LINK_SECRET_PREVIOUS: old.files,
    SEALING_KEY_PREVIOUS: old.sealing,
    SERVICE_KEY_PREVIOUS: old.services[service],
    ...(hasRole(service) ? { DATABASE_PASSWORD_PREVIOUS: old.roles[roleOf(service)] } : {}),
  });

  async function loadGoesOn(): Promise<void> {
    const before = calls;
    await eventually(() => calls > before + 20, 20_000);
    expect(failures).to.deep.equal([]);
  }

  it('fails no call, logs nobody out and ends no link to a file', async () => {
    const { url } = balancer;
    person = await someone(url);
    const token = person.session.access_token;
    await person.client.chats.create({ chat_id: room, visibility: 'public' });
    file = (await rest({ token }, url).post('/files/upload').attach('file', PNG, 'dot.png').expect(201)).body.id;
    [admin, link] = [await loginNow(), await linkNow()];
    load = callAll(person.client);
    const socket = person.client.websocket.connect(person.id);
    socket.on('message', ({ content }) => void heard.push(content));
    await socket.ready(10_000);

    const both = { SERVICE_PUBLIC_KEYS: listOf(old.services, next.services) };
    await roll((service) => ({
      ...both,
      ...databaseOf(service),
      ...(hasRole(service) ? { DATABASE_PASSWORD_PREVIOUS: old.roles[roleOf(service)] } : {}),
      JWT_SECRET_KEY_PREVIOUS: next.jwt,
      FILE_LINK_SECRET_PREVIOUS: next.files,
      SEALING_KEY_PREVIOUS: next.sealing,
    }));
    await provisionPasswords();
    const during = (service: ServiceName) => ({ ...changed(service), ...oldAsPrevious(service) });
    await roll((service) => ({ ...during(service), ...both }));
    await roll((service) => ({ ...during(service), SERVICE_PUBLIC_KEYS: listOf(next.services, old.services) }));

    await loadGoesOn();
    expect(calls).to.be.greaterThan(20);
    await rest({ token }, url).get('/users/me').expect(200);
    await person.client.messages.send({ chat_id: room, content: 'changed', client_id: 'changed' });
    await eventually(() => heard.includes('changed'), 20_000);
  });

  it('fails no call when the old values are removed, which nobody accepts after that', async () => {
    const { url } = balancer;
    const [token, oldLink] = [person.session.access_token, link];
    // Instead of waiting until what was signed with the old secrets has expired. The SDK renews
    // the person's token.
    [admin, link] = [await loginNow(), await linkNow()];
    await roll((service) => ({ ...changed(service), SERVICE_PUBLIC_KEYS: listOf(next.services) }));
    await loadGoesOn();
    await person.client.messages.send({ chat_id: room, content: 'removed', client_id: 'removed' });
    await eventually(() => heard.includes('removed'), 20_000);
    stopped = true;
    await load;
    expect(failures).to.deep.equal([]);

    for (const gateway of gatewaysOf(own)) {
      await rest({ token }, gateway).get('/users/me').expect(401);
      expect((await fetch(oldLink.replace(url, gateway))).status, 'the old link').to.equal(401);
      expect((await fetch(link.replace(url, gateway))).status, 'the new link').to.equal(200);
    }
    for (const node of nodesOf(own)) expect((await refusedUpgrade(wsUrl(node, token))).status).to.equal(401);
    for (const instance of own.instances.filter(({ dir }) => !dir.endsWith('gateway'))) {
      expect(await asGateway(instance, next.services), `${instance.name} and the new key`).to.not.equal(401);
      expect(await asGateway(instance, old.services), `${instance.name} and the old key`).to.equal(401);
    }
    for (const [role, password] of Object.entries(old.roles)) await isRefusedByPostgres(role, password);
  });

  /** @returns the status of a call to a service with the key that the gateway has among these. */
  async function asGateway(instance: Instance, keys: Secrets['services']): Promise<number> {
    const publicKeys = { ...next.services, 'api-gateway': keys['api-gateway'] };
    const gateway = createServiceKeys('api-gateway', {
      SERVICE_KEY: keys['api-gateway'],
      SERVICE_PUBLIC_KEYS: SERVICES.map((name) => [name, publicKeyOf(publicKeys[name])]),
    });
    const headers = identityHeaders(gateway, instance.dir, userIdentity(person.id, 'user'));
    return (await fetch(`${urlOf(instance)}${OF_SERVICE[instance.dir]}`, { headers })).status;
  }

  async function isRefusedByPostgres(role: string, password: string): Promise<void> {
    const url = new URL(own.postgresUrl);
    [url.username, url.password] = [role, password];
    const db = new Client(url.href);
    const code = await db.connect().then(
      () => 'taken',
      (error: { code?: string }) => error.code,
    );
    await db.end().catch(() => undefined);
    expect(code, role).to.equal('28P01');
  }
});
