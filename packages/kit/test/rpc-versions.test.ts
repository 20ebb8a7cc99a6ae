import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { expect } from 'chai';
import type express from 'express';
import Joi from 'joi';
import { WebSocket, WebSocketServer } from 'ws';
import { handleCalls, type Route, router, unknownRoute } from '../src/endpoint.ts';
import { CAPABILITIES_HEADER, PROTOCOLS } from '../src/rpc/handshake.ts';
import { RawBody, RPC_PATH } from '../src/rpc/rpc-connection.ts';
import { attachRpcServer } from '../src/rpc/rpc-server.ts';
import { createRpcClient } from '../src/rpc/service-client.ts';
import { createApp } from '../src/server.ts';
import { identityHeader, serviceIdentity, testKeys } from '../src/testing/identities.ts';
import { silentSink } from '../src/testing/service.ts';
import { thrownBy } from './thrown.ts';

const keys = testKeys('message');
const sink = silentSink();
const { log } = sink;
const service = () => identityHeader('message', serviceIdentity('realtime-gateway'));

const body = Joi.object<{ n: number; inner?: object }>({
  n: Joi.number().required(),
  inner: Joi.object({ a: Joi.number() }),
});
const echo: Route<object> = {
  method: 'post',
  path: '/internal/echo',
  summary: 'Echo',
  who: ['realtime-gateway'],
  body,
  rule: async (_ctx, call) => ({ got: call.body }),
};
const later: Route<object> = { ...echo, path: '/internal/later', rule: async () => ({ later: true }) };

const servers: Server[] = [];
const sockets: Socket[] = [];
/** An instance as `run` creates it. `attach` is the version of its RPC server; undefined: none. */
async function start(routes: Route<object>[], attach?: (server: Server) => void): Promise<string> {
  const app = createApp({
    log,
    mount(mounted: express.Express) {
      mounted.use(router(sink, keys, routes));
      mounted.use('/internal', (req, _res, next) => next(unknownRoute(`${req.method} ${req.originalUrl}`)));
    },
  });
  const server = createServer(app);
  attach?.(server);
  servers.push(server.on('connection', (socket) => sockets.push(socket)));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const thisVersion =
  (routes: Route<object>[]) =>
  (server: Server): void =>
    void attachRpcServer(server, keys, sink, handleCalls(sink, routes));
/** Speaks only a protocol that this version does not know. */
const nextVersion = (server: Server): void =>
  void new WebSocketServer({ server, path: RPC_PATH, handleProtocols: () => 'chatapi-rpc.999' });

const peerOf = (...urls: string[]) => createRpcClient('message', urls, testKeys('realtime-gateway'));
const ask = (url: string | string[], route = '/internal/echo', sent: object = { n: 1 }): Promise<any> =>
  peerOf(...[url].flat()).call('POST', route, { body: sent });

describe('services of two versions', () => {
  after(() => {
    for (const server of servers) server.close();
    for (const socket of sockets) socket.destroy();
  });

  it('a server without RPC connections is called by HTTP', async () => {
    expect(await ask(await start([echo]))).to.deep.equal({ got: { n: 1 } });
  });

  it('a server without a common protocol is called by HTTP', async () => {
    expect(await ask(await start([echo], nextVersion))).to.deep.equal({ got: { n: 1 } });
  });

  it('a client without a common protocol is refused with 426 and may use HTTP', async () => {
    const url = await start([echo], thisVersion([echo]));
    const status = await new Promise((resolve) => {
      const headers = service();
      new WebSocket(`${url.replace('http', 'ws')}${RPC_PATH}`, ['chatapi-rpc.999'], { headers })
        .on('unexpected-response', (_req, res) => resolve(res.statusCode))
        .on('error', () => undefined);
    });
    expect(status).to.equal(426);
  });

  it('both ends name protocol and capabilities; a client that reads no raw bodies gets plain JSON', async () => {
    const url = await start(
      [],
      (server) => void attachRpcServer(server, keys, sink, async () => new RawBody({ a: 1 }, 'b')),
    );
    const heard = async (capabilities: string): Promise<{ text: string; protocol: string; theirs: unknown }> => {
      const headers = { ...service(), [CAPABILITIES_HEADER]: capabilities };
      const offered = ['chatapi-rpc.999', PROTOCOLS[0] as string];
      const ws = new WebSocket(`${url.replace('http', 'ws')}${RPC_PATH}`, offered, { headers });
      const theirs = new Promise((resolve) => ws.on('upgrade', (res) => resolve(res.headers[CAPABILITIES_HEADER])));
      ws.on('open', () => ws.send('[1,"GET /internal/x",null,"a field of a newer version"]'));
      const text = await new Promise<string>((resolve) => ws.on('message', (data) => resolve(data.toString())));
      const { protocol } = ws;
      ws.terminate();
      return { text, protocol, theirs: await theirs };
    };
    const known = { protocol: PROTOCOLS[0], theirs: 'enclosed-body' };
    expect(await heard('enclosed-body, of-a-newer-version')).to.deep.equal({ ...known, text: '[1,200,{"a":1}]\nb' });
    expect(await heard('')).to.deep.equal({ ...known, text: '[1,200,{"a":1,"body":"b"}]' });
  });

  it('unknown fields of a newer version are ignored, in query and body, over HTTP and RPC', async () => {
    const sent = { n: 1, inner: { a: 2, trace: 'x' }, trace: { deep: [1] } };
    for (const attach of [undefined, thisVersion([echo])])
      expect(await ask(await start([echo], attach), '/internal/echo', sent)).to.deep.equal({
        got: { n: 1, inner: { a: 2 } },
      });
  });

  it('required fields are still required', async () => {
    const error = await thrownBy(ask(await start([echo], thisVersion([echo])), '/internal/echo', { m: 1 }));
    expect(error.code).to.equal('VALIDATION_ERROR');
  });

  it('a route that an older instance lacks is called on another instance; without any it is unavailable', async () => {
    for (const attach of [() => undefined, thisVersion] as ((routes: Route<object>[]) => any)[]) {
      const old = await start([echo], attach([echo]));
      const young = await start([echo, later], attach([echo, later]));
      const peer = peerOf(old, young);
      for (let i = 0; i < 4; i++)
        expect(await peer.call('POST', '/internal/later', { body: { n: 1 } })).to.deep.equal({ later: true });
      const error = await thrownBy(peerOf(old).call('POST', '/internal/later', { body: { n: 1 } }));
      expect(error.code).to.equal('SERVICE_UNAVAILABLE');
      expect(error.status).to.equal(503);
    }
  });
});
