import { once } from 'node:events';
import type { RequestListener, Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect } from 'chai';
import { closeServer } from '../src/close-server.ts';
import { AppError } from '../src/errors.ts';
import { createLog } from '../src/log.ts';
import { createMetrics, httpMetrics } from '../src/metrics.ts';
import { createApp, errorResponse, listen, respondError } from '../src/server.ts';

const log = createLog('test', 'test', 'silent');
const KEYS = ['error', 'message', 'code', 'details', 'timestamp', 'request_id'];
const portOf = (server: Server): number => (server.address() as AddressInfo).port;

const raw = (server: Server, text: string): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect(portOf(server), '127.0.0.1');
    let got = '';
    socket.setTimeout(400, () => socket.destroy());
    socket.on('data', (bytes) => {
      got += bytes.toString();
    });
    socket.on('error', () => undefined).on('close', () => resolve(got));
    socket.write(text);
  });

describe('a listener', () => {
  const servers: Server[] = [];
  const start = async (handler: RequestListener): Promise<Server> => {
    servers.push(await listen(handler, { host: '127.0.0.1', port: 0 }));
    return servers.at(-1) as Server;
  };
  after(() => Promise.all(servers.map((server) => closeServer(server, { idleMs: 0, graceMs: 50 }))));

  it('answers invalid HTTP with the error object', async () => {
    const server = await start((_req, res) => void res.end('ok'));
    const cases: [string, string][] = [
      ['nonsense\r\n\r\n', '400'],
      ['GET / HTTP/1.1\r\n\r\n', '400'],
      ['GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n', '400'],
      ['GET / HTTP/1.1\r\nHost: a\r\nExpect: more\r\n\r\n', '417'],
      [`GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(17_000)}\r\n\r\n`, '431'],
      ['POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n', '400'],
    ];
    for (const [text, status] of cases) {
      const [head = '', body = ''] = (await raw(server, text)).split('\r\n\r\n');
      expect(head.split(' ')[1], text.slice(0, 60)).to.equal(status);
      expect(JSON.parse(body)).to.have.all.keys(KEYS);
    }
    expect(await raw(server, 'GET / HTTP/1.0\r\n\r\n')).to.include('200 OK');
  });

  it('lets a client that is still sending receive the refusal', async () => {
    const server = await start((req, res) =>
      respondError(log, new AppError('PAYLOAD_TOO_LARGE', 'too much'), req, res, 'req_1'),
    );
    const answer = await fetch(`http://127.0.0.1:${portOf(server)}/`, {
      method: 'POST',
      body: Buffer.alloc(3_000_000),
    });
    expect([answer.status, ((await answer.json()) as { request_id: string }).request_id]).to.deep.equal([413, 'req_1']);
  });

  it('reads the rest of a refused body before it closes a connection with Connection: close', async () => {
    const server = await start((req, res) =>
      respondError(log, new AppError('PAYLOAD_TOO_LARGE', 'too much'), req, res, 'req_1'),
    );
    const socket = connect(portOf(server), '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).to.match(/^HTTP\/1.1 413/);
    const closed = once(socket, 'close').then(() => 'closed');
    const wait = new Promise((resolve) => setTimeout(resolve, 100, 'open'));
    expect(await Promise.race([closed, wait])).to.equal('open');
    socket.write('0\r\n\r\n');
    await closed;
  });

  it('cuts a response that fails half way', async () => {
    const server = await start((req, res) => {
      res.writeHead(200, { 'Content-Length': 100 }).write('half');
      respondError(log, new Error('broke'), req, res, 'req_1');
    });
    const text = await fetch(`http://127.0.0.1:${portOf(server)}/`).then(
      (answer) => answer.text().catch(() => 'cut'),
      () => 'cut',
    );
    expect(text).to.equal('cut');
  });

  it('has an app that keeps a valid request id, replaces an invalid one, measures time and hides Express', async () => {
    const metrics = createMetrics('test', 'test');
    const server = await start(
      createApp({
        log,
        duration: httpMetrics(metrics),
        mount: (app) => void app.get('/a', (_req, res) => void res.json({})),
      }),
    );
    const ask = (id: string) => fetch(`http://127.0.0.1:${portOf(server)}/a`, { headers: { 'X-Request-Id': id } });
    const kept = await ask('mine-1.2_3');
    expect(kept.headers.get('x-request-id')).to.equal('mine-1.2_3');
    expect(kept.headers.get('x-content-type-options')).to.equal('nosniff');
    expect(kept.headers.get('x-powered-by')).to.equal(null);
    for (const bad of ['abc', 'a b c d', 'x'.repeat(129)])
      expect((await ask(bad)).headers.get('x-request-id')).to.match(/^req_/);
    expect(await metrics.metrics()).to.include('chatapi_http_request_duration_seconds_count');
  });
});

describe('an error on a bare socket', () => {
  it('is a complete HTTP response with its headers', () => {
    const text = errorResponse(new AppError('SERVICE_UNAVAILABLE', 'é'), 'req_9');
    const [head = '', body = ''] = text.split('\r\n\r\n');
    expect(head)
      .to.match(/^HTTP\/1.1 503 Service Unavailable\r\n/)
      .and.include('Retry-After: 2')
      .and.include('X-Request-Id: req_9');
    expect(head).to.include(`Content-Length: ${Buffer.byteLength(body)}`);
  });
});
