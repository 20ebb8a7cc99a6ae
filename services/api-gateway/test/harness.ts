import { type IncomingMessage, type RequestListener, request, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { Readable } from 'node:stream';
import type { Revocation } from '@chatapi/bus';
import { closeServer, createLog, createMetrics, listen } from '@chatapi/kit';
import { TOKEN_AUDIENCE, TOKEN_ISSUER } from '@chatapi/kit/auth';
import { attachRpcServer } from '@chatapi/kit/rpc';
import { keySettings, silentSink, startStubServer, testKeys } from '@chatapi/kit/testing';
import jwt from 'jsonwebtoken';
import { type Config, schema } from '../src/config.ts';
import type { Context } from '../src/context.ts';
import { createGateway } from '../src/gateway.ts';
import { close, open } from '../src/open.ts';
import { closeTunnels } from '../src/socket-tunnels.ts';

export const SECRET = 'a-secret-for-these-tests-with-32-bytes!';

interface RecordedRequest {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: string;
}

export interface TestGateway {
  port: number;
  ctx: Context;
  /** Requests that reached the services, in order. */
  seen: RecordedRequest[];
  /** The revocations that auth answers with. */
  revocations: Revocation[];
  stop(): Promise<void>;
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

export interface Options {
  env?: Record<string, string>;
  /** Handler of the services; default: records the request and answers 200 `{"ok":true}`. */
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

export async function startGateway({ env = {}, answer }: Options = {}): Promise<TestGateway> {
  const seen: RecordedRequest[] = [];
  const revocations: Revocation[] = [];
  const service = await startStubServer(async (req, res) => {
    const chunks = await Array.fromAsync(req).catch(() => []);
    seen.push({
      method: req.method as string,
      url: req.url as string,
      headers: req.headers,
      body: Buffer.concat(chunks).toString(),
    });
    res.setHeader('content-type', 'application/json').end('{"ok":true}');
  });
  const upstream = answer === undefined ? service : await startStubServer(answer);
  const auth = await startStubServer((req, res) => {
    if (req.url === '/internal/openapi.json')
      res.end(
        JSON.stringify({ '/users/login': { post: { summary: 'Log in', tags: ['Users'] } }, '/secret': { get: {} } }),
      );
    else res.end('{"status":"ok"}');
  });
  const rpcServer = attachRpcServer(auth.server, testKeys('auth'), silentSink(), async (what) => {
    const after = Number(/^GET \/internal\/revocations\?after=(\d+)&wait_ms=\d+$/.exec(what)?.[1]);
    return { revocations: revocations.filter(({ seq }) => seq > after) };
  });
  const { url } = upstream;
  const config = configOf({
    JWT_SECRET_KEY: SECRET,
    ...keySettings('api-gateway'),
    AUTH_URL: url,
    USER_URL: url,
    MESSAGE_URL: url,
    FILE_URL: url,
    ADMIN_URL: url,
    REALTIME_URL: url,
    AUTH_INTERNAL_URL: auth.url,
    ...env,
  });
  const metrics = createMetrics('api-gateway', 'test');
  const ctx = await open({
    config,
    keys: testKeys('api-gateway'),
    log: createLog('api-gateway', 'test', config.LOG_LEVEL),
    metrics,
  });
  const gateway = createGateway(ctx);
  const server = await listen(gateway.handler, {
    host: '127.0.0.1',
    port: 0,
    requestTimeout: gateway.requestTimeout,
    parserErrorHeaders: gateway.parserErrorHeaders,
  });
  gateway.attach(server);
  return {
    port: portOf(server),
    ctx,
    seen,
    revocations,
    async stop() {
      await closeTunnels(ctx);
      await closeServer(server, { idleMs: 0, graceMs: 100 });
      await close(ctx);
      rpcServer.close(0);
      await Promise.all([service.stop(), auth.stop(), upstream === service ? undefined : upstream.stop()]);
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

export interface TestResponse {
  status: number;
  headers: IncomingMessage['headers'];
  text: string;
  json: any;
}

export interface RequestOptions {
  method?: string;
  headers?: Record<string, string | string[]>;
  body?: string | Buffer | Readable;
}

/** Sends the path exactly as written; `fetch` would normalize it. */
export const ask = (
  { port }: Pick<TestGateway, 'port'>,
  path: string,
  { method = 'GET', headers = {}, body }: RequestOptions = {},
): Promise<TestResponse> =>
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

/** Sends bytes and returns what comes back until the end or `quietMs` of silence. */
export const sendRaw = ({ port }: Pick<TestGateway, 'port'>, text: string, quietMs = 500): Promise<string> =>
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
