import { createServer, type IncomingMessage, type RequestListener, request, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { Readable } from 'node:stream';
import type { Revocation } from '@chatapi/bus';
import {
  closeServer,
  identityKey,
  listen,
  openCallDoor,
  openLog,
  openMetrics,
  TOKEN_AUDIENCE,
  TOKEN_ISSUER,
} from '@chatapi/kit';
import jwt from 'jsonwebtoken';
import { type Config, schema } from '../src/config.ts';
import { type Context, close, open } from '../src/context.ts';
import { openDoor } from '../src/door.ts';
import { cutTunnels } from '../src/upgrade.ts';

export const SECRET = 'a-secret-for-these-tests-with-32-bytes!';

export interface Seen {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: string;
}

export interface World {
  port: number;
  ctx: Context;
  /** What reached the services, in order. */
  seen: Seen[];
  /** What auth says when asked for revocations. */
  revocations: Revocation[];
  stop(): Promise<void>;
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

export const serve = (answer: RequestListener): Promise<{ url: string; server: Server; stop(): Promise<void> }> =>
  new Promise((resolve) => {
    const server = createServer(answer).listen(0, '127.0.0.1', () => {
      const stop = async (): Promise<void> => {
        server.closeAllConnections();
        await new Promise((done) => server.close(done));
      };
      resolve({ url: `http://127.0.0.1:${portOf(server)}`, server, stop });
    });
  });

/** Nobody listens there. Not the port of a server that was closed: whoever listens next may be given it. */
export const DEAD_URL = 'http://127.0.0.1:1';

export interface Options {
  env?: Record<string, string>;
  /** The service behind; default: records, and answers 200 `{"ok":true}`. */
  answer?: RequestListener;
}

function configOf(env: Record<string, string>): Config {
  const { value, error } = schema.validate(
    {
      REDIS_URL: process.env.TEST_REDIS_URL ?? 'redis://127.0.0.1:1',
      RATE_LIMIT_REQUESTS: '0',
      LOG_LEVEL: 'silent',
      ...env,
    },
    { stripUnknown: true },
  );
  if (error !== undefined) throw error;
  return value as Config;
}

export async function startWorld({ env = {}, answer }: Options = {}): Promise<World> {
  const seen: Seen[] = [];
  const revocations: Revocation[] = [];
  const service = await serve(async (req, res) => {
    const chunks = await Array.fromAsync(req).catch(() => []);
    seen.push({
      method: req.method as string,
      url: req.url as string,
      headers: req.headers,
      body: Buffer.concat(chunks).toString(),
    });
    res.setHeader('content-type', 'application/json').end('{"ok":true}');
  });
  const answering = answer === undefined ? service : await serve(answer);
  const auth = await serve((req, res) => {
    if (req.url === '/internal/openapi.json')
      res.end(
        JSON.stringify({ '/users/login': { post: { summary: 'Log in', tags: ['Users'] } }, '/secret': { get: {} } }),
      );
    else res.end('{"status":"ok"}');
  });
  const log = openLog('api-gateway', 'test', 'silent');
  const calls = openCallDoor(auth.server, identityKey(`inner ${SECRET}`), log, async (what) => {
    const after = Number(/^GET \/internal\/revocations\?after=(\d+)&wait_ms=\d+$/.exec(what)?.[1]);
    return { revocations: revocations.filter(({ seq }) => seq > after) };
  });
  const { url } = answering;
  const config = configOf({
    JWT_SECRET_KEY: SECRET,
    INTERNAL_SECRET_KEY: `inner ${SECRET}`,
    AUTH_URL: url,
    USER_URL: url,
    MESSAGE_URL: url,
    FILE_URL: url,
    ADMIN_URL: url,
    REALTIME_URL: url,
    AUTH_INTERNAL_URL: auth.url,
    ...env,
  });
  const metrics = openMetrics('api-gateway', 'test');
  const ctx = await open({ config, log: openLog('api-gateway', 'test', config.LOG_LEVEL), metrics });
  const door = openDoor(ctx);
  const server = await listen(door.handler, { host: '127.0.0.1', port: 0, requestTimeout: door.requestTimeout });
  door.attach(server);
  return {
    port: portOf(server),
    ctx,
    seen,
    revocations,
    async stop() {
      await cutTunnels(ctx);
      await closeServer(server, 100);
      await close(ctx);
      calls.close(0);
      await Promise.all([service.stop(), auth.stop(), answering === service ? undefined : answering.stop()]);
    },
  };
}

export const tokenOf = (user_id: string, more: object = {}): string =>
  jwt.sign(
    { sub: user_id, sid: `ses_${user_id}`, role: 'user', iss: TOKEN_ISSUER, aud: TOKEN_AUDIENCE, ...more },
    SECRET,
    { expiresIn: 60 },
  );

export const bearer = (user_id: string): Record<string, string> => ({ authorization: `Bearer ${tokenOf(user_id)}` });

export interface Got {
  status: number;
  headers: IncomingMessage['headers'];
  text: string;
  json: any;
}

export interface Ask {
  method?: string;
  headers?: Record<string, string | string[]>;
  body?: string | Buffer | Readable;
}

/** The path goes out exactly as written: `fetch` would clean it. */
export const ask = (
  { port }: Pick<World, 'port'>,
  path: string,
  { method = 'GET', headers = {}, body }: Ask = {},
): Promise<Got> =>
  new Promise((resolve, reject) => {
    const req = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, async (res) => {
      const text = Buffer.concat(await Array.fromAsync(res)).toString();
      const isJson = res.headers['content-type']?.includes('json') === true && text !== '';
      resolve({
        status: res.statusCode as number,
        headers: res.headers,
        text,
        json: isJson ? JSON.parse(text) : undefined,
      });
    });
    req.on('error', reject);
    if (body instanceof Readable) body.pipe(req);
    else req.end(body);
  });

/** Bytes out, bytes back until the other side ends or is quiet for `quietMs`. */
export const raw = ({ port }: Pick<World, 'port'>, text: string, quietMs = 500): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let got = '';
    socket.setTimeout(quietMs, () => socket.destroy());
    socket.on('data', (chunk) => {
      got += chunk.toString('latin1');
    });
    socket.on('error', () => undefined).on('close', () => resolve(got));
    socket.write(text);
  });
