import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { verifyIdentity } from '../src/auth/signed-identity.ts';
import { AppError, errorBody } from '../src/errors.ts';
import { createHttpClient } from '../src/rpc/service-client.ts';
import { testKeys } from '../src/testing/identities.ts';
import { thrownBy } from './thrown.ts';

const keys = testKeys('user');
const servers: Server[] = [];

const start = (answer: Parameters<typeof createServer>[1]): Promise<string> =>
  new Promise((resolve) => {
    const server = createServer(answer).listen(0, '127.0.0.1', () =>
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    );
    servers.push(server);
  });

const refusing = async (): Promise<string> => {
  const url = await start(() => undefined);
  await new Promise((resolve) => (servers.pop() as Server).close(resolve));
  return url;
};

describe('a call to another service', () => {
  after(() => {
    for (const server of servers) server.close().closeAllConnections();
  });

  it('that an instance refuses for its key goes to the next one, and is unavailable without any', async () => {
    const refusing = await start((_req, res) => {
      res.writeHead(401, { 'x-chatapi-refused': 'identity' }).end('{"code":"AUTHENTICATION_ERROR"}');
    });
    const good = await start((_req, res) => void res.end('{"ok":true}'));
    const peer = createHttpClient('auth', [refusing, good], keys);
    for (let i = 0; i < 2; i++) expect(await peer.call('GET', '/internal/x')).to.deep.equal({ ok: true });
    const error = await thrownBy(createHttpClient('auth', [refusing], keys).call('GET', '/internal/x'));
    expect(error.code).to.equal('SERVICE_UNAVAILABLE');
  });

  it('carries the service’s identity, query, body and request id, and returns the JSON', async () => {
    const url = await start(async (req, res) => {
      const chunks = await Array.fromAsync(req);
      const { service } = verifyIdentity(testKeys('auth'), req.headers) as { service: string };
      res.end(
        JSON.stringify({
          service,
          url: req.url,
          id: req.headers['x-request-id'],
          body: JSON.parse(Buffer.concat(chunks).toString()),
        }),
      );
    });
    const answer = await createHttpClient('auth', [url], keys).call('POST', '/internal/x', {
      query: { a: 1, b: undefined },
      body: { c: 2 },
      request_id: 'r-1234',
    });
    expect(answer).to.deep.equal({ service: 'user', url: '/internal/x?a=1', id: 'r-1234', body: { c: 2 } });
  });

  it('fails over to the next instance when one refuses the connection', async () => {
    const alive = await start((_req, res) => void res.end('{"ok":true}'));
    const peer = createHttpClient('auth', [await refusing(), alive], keys);
    for (let i = 0; i < 4; i++) expect(await peer.call('GET', '/')).to.deep.equal({ ok: true });
  });

  it('passes on the service’s error, and maps any other response to SERVICE_UNAVAILABLE', async () => {
    const url = await start((req, res) => {
      if (req.url === '/known')
        res
          .writeHead(409)
          .end(JSON.stringify(errorBody(new AppError('CONFLICT', 'taken', { details: { a: 1 } }), 'r')));
      else res.writeHead(502).end('<html>bad gateway</html>');
    });
    const peer = createHttpClient('auth', [url], keys);
    expect(await thrownBy(peer.call('GET', '/known'))).to.deep.include({
      code: 'CONFLICT',
      status: 409,
      details: { a: 1 },
    });
    expect(await thrownBy(peer.call('GET', '/other'))).to.include({ code: 'SERVICE_UNAVAILABLE', status: 503 });
  });

  it('gives up at the deadline, and is not repeated when it may have been executed', async () => {
    let asked = 0;
    const url = await start(() => void asked++);
    const error = await thrownBy(createHttpClient('auth', [url, url], keys).call('POST', '/', { timeoutMs: 100 }));
    expect(error.code).to.equal('SERVICE_UNAVAILABLE');
    expect(asked).to.equal(1);
  });

  it('answers undefined for 204', async () => {
    const url = await start((_req, res) => void res.writeHead(204).end());
    expect(await createHttpClient('auth', [], keys).at(url).call('DELETE', '/x')).to.equal(undefined);
  });
});
