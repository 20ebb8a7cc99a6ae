import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { WebSocket } from 'ws';
import { AppError } from '../src/errors.ts';
import { RawBody, RPC_PATH } from '../src/rpc/rpc-connection.ts';
import { attachRpcServer, type RpcServer } from '../src/rpc/rpc-server.ts';
import { createRpcClient } from '../src/rpc/service-client.ts';
import { identityHeader, serviceIdentity, testKeys, userIdentity } from '../src/testing/identities.ts';
import { silentSink } from '../src/testing/service.ts';
import { thrownBy } from './thrown.ts';

const keys = testKeys('realtime-gateway');
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const never = () => new Promise(() => undefined);

interface Instance {
  url: string;
  server: Server;
  rpcServer: RpcServer;
  asked: [string, any][];
  connections: number;
}

const instances: Instance[] = [];

async function start(answer: (path: string, body: any) => unknown, port = 0): Promise<Instance> {
  const server = createServer();
  const instance = { server, asked: [], connections: 0 } as unknown as Instance;
  server.on('connection', () => instance.connections++);
  instance.rpcServer = attachRpcServer(server, testKeys('message'), silentSink(), async (path, body) => {
    instance.asked.push([path, body]);
    return await answer(path, body);
  });
  await new Promise<void>((resolve) => void server.listen(port, '127.0.0.1', resolve));
  instance.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  instances.push(instance);
  return instance;
}

/** Stops as a process does: no new connections, clients sent away, the rest cut. */
async function stop({ server, rpcServer }: Instance, graceMs: number): Promise<void> {
  rpcServer.close(graceMs);
  await new Promise((resolve) => server.close(resolve));
}

const peerOf = (...urls: string[]) => createRpcClient('message', urls, keys);
const call = (peer: ReturnType<typeof peerOf>, body: unknown, timeoutMs = 2000): Promise<any> =>
  peer.call('POST', '/internal/x', { body, timeoutMs });

describe('an RPC connection', () => {
  after(async () => {
    for (const instance of instances) await stop(instance, 0);
  });

  it('is shared by concurrent calls, each with its own response, in any order', async () => {
    const one = await start(async (_path, { n }) => {
      await sleep(n % 7);
      return { n, text: 'ä\n😀' };
    });
    const peer = peerOf(one.url);
    const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => call(peer, { n })));
    expect(answers).to.deep.equal(Array.from({ length: 100 }, (_, n) => ({ n, text: 'ä\n😀' })));
    expect(one.connections).to.equal(1);
  });

  it('is renewed regularly, so that new instances behind a name are reached; calls in flight end on the old one', async () => {
    const one = await start(async (_path, { ms }) => {
      await sleep(ms);
      return { ms };
    });
    const peer = createRpcClient('message', [one.url], keys, 100);
    const long = call(peer, { ms: 400 });
    let calls = 0;
    for (; one.connections < 3; calls++) expect(await call(peer, { ms: 10 })).to.deep.equal({ ms: 10 });
    expect(calls, 'most share a connection').to.be.at.least(one.connections);
    expect(await long).to.deep.equal({ ms: 400 });
    const open = () => new Promise((resolve) => one.server.getConnections((_error, count) => resolve(count)));
    while (Number(await open()) > 1) await sleep(20);
  });

  it('carries method, path, query and body', async () => {
    const one = await start(() => ({ ok: true }));
    const peer = peerOf(one.url);
    await peer.call('GET', '/internal/x', { query: { after: 3, not: undefined, text: 'ä&b' } });
    await peer.call('POST', '/internal/x', { body: { a: [1] } });
    expect(one.asked).to.deep.equal([
      ['GET /internal/x?after=3&text=%C3%A4%26b', null],
      ['POST /internal/x', { a: [1] }],
    ]);
  });

  it('returns undefined for no value, an AppError as it was thrown, anything else as INTERNAL_ERROR', async () => {
    const one = await start((_path, { wish }) => {
      if (wish === 'conflict') throw new AppError('CONFLICT', 'taken', { details: { a: 1 } });
      if (wish === 'bug') throw new TypeError('x is not a function');
      return undefined;
    });
    const peer = peerOf(one.url);
    expect(await call(peer, { wish: 'nothing' })).to.equal(undefined);
    const conflict = await thrownBy(call(peer, { wish: 'conflict' }));
    expect(conflict).to.deep.include({ code: 'CONFLICT', status: 409, message: 'taken', details: { a: 1 } });
    const bug = await thrownBy(call(peer, { wish: 'bug' }));
    expect(bug.code).to.equal('INTERNAL_ERROR');
    expect(bug.message).not.to.include('function');
  });

  it('carries responses of any size', async () => {
    const one = await start(() => ({ text: 'x'.repeat(120_000_000) }));
    expect((await call(peerOf(one.url), {}, 25_000)).text).to.have.length(120_000_000);
  });

  it('carries raw bodies unchanged, whatever they contain', async () => {
    const texts = ['', '\n', '{"a":"é\\n"}', 'x\n[1,200]\ny', '\u2028"'];
    const one = await start((_path, { i }) => new RawBody({ status: 200 + i }, texts[i] as string));
    const peer = peerOf(one.url);
    const got = await Promise.all(texts.map((_, i) => call(peer, { i })));
    expect(got).to.deep.equal(texts.map((body, i) => ({ status: 200 + i, body })));
    expect(JSON.parse(JSON.stringify(new RawBody({ a: 1 }, 'b')))).to.deep.equal({ a: 1, body: 'b' });
  });

  it('fails over to the next instance when one refuses the connection', async () => {
    const gone = await start(() => 0);
    await stop(gone, 0);
    const alive = await start(() => ({ ok: true }));
    const peer = peerOf(gone.url, alive.url);
    for (let i = 0; i < 4; i++) expect(await call(peer, {})).to.deep.equal({ ok: true });
  });

  it('is refused without a signed identity, with a foreign one or a user’s, and on another path', async () => {
    const one = await start(() => ({ ok: true }));
    const status = (path: string, headers: Record<string, string>): Promise<number> =>
      new Promise((resolve) => {
        const ws = new WebSocket(`${one.url.replace('http', 'ws')}${path}`, { headers });
        ws.on('unexpected-response', (_req, res) => resolve(res.statusCode ?? 0)).on('open', () => resolve(101));
        ws.on('error', () => undefined);
      });
    const service = serviceIdentity('realtime-gateway');
    expect(await status(RPC_PATH, {})).to.equal(401);
    expect(await status(RPC_PATH, identityHeader('file', service)), 'for another service').to.equal(401);
    expect(await status(RPC_PATH, identityHeader('message', userIdentity('usr_1', 'admin')))).to.equal(403);
    expect(await status('/internal/x', identityHeader('message', service))).to.equal(404);
    expect(one.asked).to.deep.equal([]);
    expect(await call(peerOf(one.url), {})).to.deep.equal({ ok: true });
  });

  it('is replaced after a call without a response, so that only this call fails', async () => {
    const one = await start((_path, { n }) => (n === 0 ? never() : sleep(150).then(() => ({ n }))));
    const peer = peerOf(one.url);
    const [hung, slow] = [thrownBy(call(peer, { n: 0 }, 100)), call(peer, { n: 1 })];
    expect((await hung).code).to.equal('SERVICE_UNAVAILABLE');
    expect(await call(peer, { n: 2 })).to.deep.equal({ n: 2 });
    expect(await slow).to.deep.equal({ n: 1 });
    expect(one.connections).to.equal(2);
    expect(one.asked.map(([, { n }]) => n)).to.deep.equal([0, 1, 2]);
  });

  it('fails its calls in flight at once when it is lost, without a retry', async () => {
    const one = await start(never);
    const other = await start(() => ({ ok: true }));
    const peer = peerOf(one.url, other.url);
    const hung = thrownBy(
      peer.at(peer.instances()[0] as string).call('POST', '/internal/x', { body: {}, timeoutMs: 60_000 }),
    );
    await sleep(50);
    await stop(one, 0);
    expect((await hung).code).to.equal('SERVICE_UNAVAILABLE');
    expect(other.asked).to.deep.equal([]);
  });

  it('to a stopping instance finishes its calls, gets no more, and is reopened when the instance is back', async () => {
    const one = await start((_path, { n }) => sleep(n).then(() => ({ n })));
    const peer = peerOf(one.url);
    const slow = call(peer, { n: 200 });
    await sleep(50);
    const stopped = stop(one, 3000);
    await sleep(50);
    expect((await thrownBy(call(peer, { n: 1 }))).code).to.equal('SERVICE_UNAVAILABLE');
    expect(await slow).to.deep.equal({ n: 200 });
    await stopped;
    expect(one.asked.map(([, { n }]) => n)).to.deep.equal([200]);
    const back = await start((_path, { n }) => ({ n, again: true }), Number(new URL(one.url).port));
    expect(await call(peer, { n: 3 })).to.deep.equal({ n: 3, again: true });
    expect(back.asked).to.have.length(1);
  });
});
