// Real nodes on free ports, with real Redis and sockets; only the services behind them are fakes.

import { createSecretKey } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createApp, createLog, createMetrics, type Log, listen } from '@chatapi/kit';
import { TOKEN_AUDIENCE, TOKEN_ISSUER } from '@chatapi/kit/auth';
import { openRedis, type Redis } from '@chatapi/kit/data';
import { keySettings, testKeys } from '@chatapi/kit/testing';
import { expect } from 'chai';
import jwt from 'jsonwebtoken';
import { WebSocket } from 'ws';
import { type Config, schema } from '../src/config.ts';
import { drain } from '../src/connections/drain.ts';
import type { Context } from '../src/context.ts';
import { close, open } from '../src/open.ts';
import { createStreamHandler } from '../src/streams/stream-handler.ts';
import { attachUpgrades } from '../src/upgrade.ts';
import { type FakeServices, startFakeServices } from './fake-services.ts';
import { until } from './node-fixture.ts';

const SECRET = 'a test secret of more than 32 bytes, 0123456789';

export interface TestNode {
  ctx: Context;
  url: string;
  stop(): Promise<void>;
}

export class Client {
  readonly got: any[] = [];
  readonly ws: WebSocket;
  code = 0;
  constructor(ws: WebSocket) {
    this.ws = ws;
    ws.on('message', (data) => this.got.push(JSON.parse(data.toString())));
    ws.on('close', (code) => {
      this.code = code;
    });
    ws.on('error', () => undefined);
  }
  send(frame: object): void {
    this.ws.send(JSON.stringify(frame));
  }
  async frame(type: string, fits: (frame: any) => boolean = () => true, ms = 10_000): Promise<any> {
    const find = () => this.got.find((frame) => frame.type === type && fits(frame));
    await until(() => find() !== undefined, ms);
    return find();
  }
  seqs(room: string): number[] {
    return this.got.flatMap(({ type, chat_id, seq }) =>
      chat_id === room && seq !== undefined && type !== 'ack' ? [seq] : [],
    );
  }
  async closed(ms = 10_000): Promise<number> {
    await until(() => this.code !== 0, ms);
    return this.code;
  }
}

export interface Refusal {
  status: number;
  body: any;
}

/** @returns why the upgrade was refused. */
export const refused = (connecting: Promise<unknown>): Promise<Refusal> =>
  connecting.then(
    () => expect.fail('the upgrade was accepted'),
    (refusal: Refusal) => refusal,
  );

export interface Harness {
  services: FakeServices;
  redis: Redis;
  node(env?: Partial<Record<keyof Config, string>>): Promise<TestNode>;
  token(user: string, claims?: object): string;
  /** @throws Refusal. */
  connect(node: TestNode, user: string, options?: ConnectOptions): Promise<Client>;
  close(): Promise<void>;
}

interface ConnectOptions {
  path?: string;
  headers?: Record<string, string>;
  protocols?: string[];
  token?: string;
}

function configOf(services: FakeServices, redisUrl: string, env: object): Config {
  const { value, error } = schema.validate(
    {
      INSTANCE: 'realtime-test',
      REDIS_URL: redisUrl,
      ...keySettings('realtime-gateway'),
      FILE_LINK_SECRET: SECRET,
      JWT_SECRET_KEY: SECRET,
      AUTH_INTERNAL_URL: services.urls.auth,
      USER_INTERNAL_URL: services.urls.user,
      MESSAGE_INTERNAL_URL: services.urls.message,
      RATE_LIMIT_WS_MESSAGES: '0',
      RATE_LIMIT_WS_FRAMES: '0',
      RATE_LIMIT_UPGRADES: '0',
      DRAIN_MS: '100',
      ...env,
    },
    { convert: true },
  );
  if (error !== undefined) throw error;
  return value;
}

async function startNode(config: Config, log: Log): Promise<TestNode> {
  const ctx = await open({
    config,
    keys: testKeys('realtime-gateway'),
    log,
    metrics: createMetrics('realtime-gateway', config.INSTANCE),
  });
  const app = createApp({ log, mount: (a) => void a.use(createStreamHandler(ctx)) });
  const server: Server = await listen(app, { host: '127.0.0.1', port: 0 });
  attachUpgrades(ctx, server);
  await until(() => ctx.link.live);
  return {
    ctx,
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      await drain(ctx);
      server.close();
      server.closeAllConnections();
      await close(ctx);
    },
  };
}

export async function createHarness(): Promise<Harness> {
  const log = createLog('test', 'test', 'silent');
  // A database of its own, since these tests flush it.
  const redisUrl = `${process.env.TEST_REDIS_URL as string}/9`;
  const redis = await openRedis(redisUrl, log);
  // The fake services must not give up on a busy machine.
  redis.options.commandTimeout = undefined;
  const services = await startFakeServices(redis);
  const nodes: TestNode[] = [];
  const key = createSecretKey(Buffer.from(SECRET));

  const harness: Harness = {
    services,
    redis,
    async node(env = {}) {
      const node = await startNode(configOf(services, redisUrl, env), log);
      nodes.push(node);
      return node;
    },
    token: (user, claims = {}) =>
      jwt.sign(
        {
          sub: user,
          sid: `ses_${user}`,
          role: 'user',
          iat: Date.now() / 1000,
          exp: Math.floor(Date.now() / 1000) + 600,
          iss: TOKEN_ISSUER,
          aud: TOKEN_AUDIENCE,
          ...claims,
        },
        key,
      ),
    async connect(node, user, { path = `/ws/${user}`, headers = {}, protocols, token = harness.token(user) } = {}) {
      const all = protocols === undefined && token !== '' ? { authorization: `Bearer ${token}`, ...headers } : headers;
      const ws = new WebSocket(`${node.url}${path}`, protocols, { headers: all });
      const client = new Client(ws);
      await new Promise<void>((resolve, reject) => {
        ws.once('open', resolve).once('unexpected-response', async (_req, res) => {
          let text = '';
          for await (const chunk of res) text += chunk;
          reject({ status: res.statusCode ?? 0, body: JSON.parse(text) } satisfies Refusal);
        });
      });
      await client.frame('hello');
      return client;
    },
    async close() {
      for (const node of nodes.splice(0)) await node.stop();
      redis.disconnect();
      services.close();
    },
  };
  return harness;
}
