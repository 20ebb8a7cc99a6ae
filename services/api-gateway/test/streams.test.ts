import { get, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { ask, startGateway, type TestGateway } from './harness.ts';

const SSE = { accept: 'text/event-stream' };

describe('streams of events through the gateway', () => {
  const asked: IncomingMessage[] = [];
  let streams: ServerResponse[] = [];
  let gateway: TestGateway;

  /** A node: a stream without length for most, a refusal for a bad token. */
  function node(req: IncomingMessage, res: ServerResponse): void {
    asked.push(req);
    if (req.headers.authorization === 'Bearer bad') {
      const body = '{"error":true,"code":"AUTHENTICATION_ERROR"}';
      res.writeHead(401, { 'content-type': 'application/json', 'www-authenticate': 'Bearer' }).end(body);
      return;
    }
    if (req.method === 'HEAD') return void res.writeHead(200).end();
    streams.push(res);
    res.useChunkedEncodingByDefault = false;
    res.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' });
    res.write('event: live\ndata: {}\n\n');
  }

  const open = (path: string, headers: Record<string, string> = {}): Promise<IncomingMessage & { got: string }> =>
    new Promise((resolve, reject) => {
      get({ port: gateway.port, path, headers: { ...SSE, ...headers }, agent: false }, (res) => {
        const stream = Object.assign(res, { got: '' });
        res.setEncoding('utf8').on('data', (text: string) => {
          stream.got += text;
        });
        res.on('error', () => undefined);
        resolve(stream);
      }).on('error', reject);
    });

  beforeEach(async () => {
    asked.length = 0;
    streams = [];
    gateway = await startGateway({ answer: node, env: { MAX_IN_FLIGHT: '3' } });
  });
  afterEach(() => gateway.stop());

  it('go to a node with the token, the last id, the origin and the address, and with the gateway’s headers', async () => {
    const more = { authorization: 'Bearer t', 'last-event-id': '7', origin: 'http://o', cookie: 'c', 'x-user-id': 'u' };
    const stream = await open('/rooms/a/events/?after_seq=3', more);
    await eventually(() => expect(stream.got).to.equal('event: live\ndata: {}\n\n'));
    const { url, headers } = asked[0] as IncomingMessage;
    expect(url).to.equal('/rooms/a/events?after_seq=3');
    expect(headers).to.include({ authorization: 'Bearer t', 'last-event-id': '7', origin: 'http://o' });
    expect(headers).to.include({ 'x-forwarded-for': '127.0.0.1' }).and.not.have.any.keys('cookie', 'x-user-id');
    expect(stream.headers).to.include({ 'x-accel-buffering': 'no', 'x-content-type-options': 'nosniff' });
    stream.destroy();
    await eventually(() => expect(streams[0]?.destroyed).to.equal(true));
  });

  it('without a token or with a bad one are refused by the node; other formats are no streams', async () => {
    const bad = await ask(gateway, '/events', { headers: { ...SSE, authorization: 'Bearer bad' } });
    expect([bad.status, bad.json.code]).to.deep.equal([401, 'AUTHENTICATION_ERROR']);
    expect((await ask(gateway, '/events')).status).to.equal(401);
    const post = await ask(gateway, '/events', { method: 'POST', headers: SSE });
    expect([post.status, post.headers.allow]).to.deep.equal([405, 'GET, HEAD, OPTIONS']);
    expect((await ask(gateway, '/events', { method: 'HEAD', headers: SSE })).status).to.equal(200);
  });

  it('count as connections and not as requests in flight', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => open('/events')));
    await eventually(() => expect(gateway.ctx.tunnels.size).to.equal(8));
    expect(gateway.ctx.load.inFlight()).to.equal(0);
    for (const stream of all) stream.destroy();
    await eventually(() => expect(gateway.ctx.tunnels.size).to.equal(0));
    expect(gateway.ctx.load.inFlight()).to.equal(0);
  });

  it('end cleanly when the gateway stops, and new ones are refused', async () => {
    const stream = await open('/events');
    const ended = new Promise((resolve) => stream.once('end', resolve));
    const stopping = gateway.stop();
    await ended;
    const late = await open('/events').then(
      ({ statusCode }) => statusCode,
      () => 503,
    );
    expect(late).to.equal(503);
    await stopping;
    gateway = await startGateway();
  });

  it('that are silent for 8 s are cut, others are not', async function () {
    this.timeout(30_000);
    const [silent, live] = [await open('/events'), await open('/events')];
    const comments = setInterval(() => streams[1]?.write(':\n\n'), 1000);
    try {
      await eventually(() => expect(silent.destroyed).to.equal(true), 15_000);
      await sleep(500);
      expect(live.destroyed).to.equal(false);
    } finally {
      clearInterval(comments);
    }
  });

  it('of a node that is away are refused with 503', async () => {
    await gateway.stop();
    gateway = await startGateway({ env: { REALTIME_URL: 'http://127.0.0.1:1' } });
    const refused = await ask(gateway, '/events', { headers: SSE });
    expect([refused.status, refused.json.code]).to.deep.equal([503, 'SERVICE_UNAVAILABLE']);
  });
});
