// Requests to URLs of others: connections, limits, TLS.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates, type TLSSocket } from 'node:tls';
import { expect } from 'chai';
import { createEgress, type Egress, EgressFailure } from '../src/egress/index.ts';
import { type StubServer, startStubServer } from '../src/testing/index.ts';
import { thrownBy } from './thrown.ts';

const LOOPBACK = ['127.0.0.0/8', '::1'];
const PUBLIC = ['93.184.216.34'];
const toLoopback = async (): Promise<string[]> => ['127.0.0.1'];

const reasonOf = async (work: Promise<unknown>): Promise<unknown> => {
  const { code, details } = await thrownBy(work);
  return [code, details.reason];
};

describe('a request to a URL that others chose', () => {
  let egress: Egress;
  before(() => {
    egress = createEgress(LOOPBACK, toLoopback);
  });
  after(() => egress.close());
  const asks = (url: string, timeoutMs = 2000) => egress.fetch({ url, timeoutMs });

  describe('of a server', () => {
    let server: StubServer;
    let seen: { method?: string; url?: string; host?: string; body: string; type?: string }[];
    let answer: (req: IncomingMessage, res: ServerResponse) => void;
    before(async () => {
      server = await startStubServer((req, res) => {
        let body = '';
        req.on('data', (chunk) => (body += chunk));
        req.on('end', () => {
          const { method, url, headers } = req;
          seen.push({ method, url, host: headers.host, body, type: headers['content-type'] });
          answer(req, res);
        });
      });
    });
    beforeEach(() => {
      seen = [];
      answer = (_req, res) => res.end('hello');
    });
    after(() => server.stop());
    const at = (host: string, path = '/'): string => `http://${host}:${new URL(server.url).port}${path}`;

    it('have the name in the Host header and go to the address that was judged', async () => {
      const { status, body, truncated } = await asks(at('loopback.test', '/keys?x=1'));
      expect([status, body.toString(), truncated]).to.deep.equal([200, 'hello', false]);
      expect(seen[0]).to.include({ method: 'GET', url: '/keys?x=1', host: new URL(at('loopback.test')).host });
    });

    it('post bodies with headers', async () => {
      const url = at('127.0.0.1');
      const headers = { 'content-type': 'application/json' };
      await egress.fetch({ url, method: 'POST', headers, body: '{"é":1}', timeoutMs: 2000 });
      expect(seen[0]).to.include({ method: 'POST', body: '{"é":1}', type: 'application/json' });
    });

    it('resolve a name once: a second answer of its DNS server is never connected to', async () => {
      let questions = 0;
      const rebinding = createEgress(['127.0.0.1/32'], async () => (questions++ === 0 ? ['127.0.0.1'] : ['127.0.0.2']));
      expect((await rebinding.fetch({ url: at('rebind.test'), timeoutMs: 2000 })).status).to.equal(200);
      expect([questions, seen.length]).to.deep.equal([1, 1]);
      rebinding.close();
    });

    it('are refused when a name that was fine when it was stored leads inside now', async () => {
      let addresses = PUBLIC;
      const moving = createEgress([], async () => addresses);
      await moving.check(at('moving.test'), 'url');
      addresses = ['127.0.0.1'];
      expect(await reasonOf(moving.fetch({ url: at('moving.test'), timeoutMs: 1000 }))).to.deep.equal([
        'VALIDATION_ERROR',
        'address_not_allowed',
      ]);
      expect(seen).to.deep.equal([]);
      moving.close();
    });

    it('follow no redirect', async () => {
      answer = (_req, res) => res.writeHead(302, { location: at('127.0.0.1', '/second') }).end();
      expect((await asks(at('127.0.0.1'))).status).to.equal(302);
      expect(seen).to.have.length(1);
    });

    it('end at once when the server switches to a protocol that nobody asked for', async () => {
      answer = (_req, res) => res.writeHead(101, { connection: 'Upgrade', upgrade: 'x' }).end();
      const { status, body } = await asks(at('127.0.0.1'));
      expect([status, body.length]).to.deep.equal([101, 0]);
    });

    it('read 64 KiB of a response, exactly, and end a longer one', async () => {
      answer = (_req, res) => res.end('x'.repeat(65_536));
      const whole = await asks(at('127.0.0.1'));
      expect([whole.body.length, whole.truncated]).to.deep.equal([65_536, false]);
      let ended = false;
      answer = (_req, res) => {
        res.once('close', () => (ended = true));
        const pour = (): void => {
          while (!ended && res.write('x'.repeat(16_384)));
          if (!ended) res.once('drain', pour);
        };
        pour();
      };
      const cut = await asks(at('127.0.0.1'));
      expect([cut.body.length, cut.truncated]).to.deep.equal([65_536, true]);
      expect((await asks(at('127.0.0.1', '/after'), 500).catch(() => ({ status: 0 }))).status).to.be.oneOf([0, 200]);
    });

    for (const [what, respond] of Object.entries<(req: IncomingMessage, res: ServerResponse) => void>({
      'that never answers': () => undefined,
      'that sends its headers and stops': (_req, res) => void res.writeHead(200, { 'content-length': '10' }).write('x'),
      'that drips a byte at a time': (_req, res) => {
        const drip = setInterval(() => res.write('x'), 20);
        res.once('close', () => clearInterval(drip));
      },
      'that sends informational responses without end': (_req, res) => {
        const drip = setInterval(() => res.writeProcessing(), 20);
        res.once('close', () => clearInterval(drip));
      },
    }))
      it(`end at the deadline with a server ${what}`, async () => {
        answer = respond;
        const error = await thrownBy(asks(at('127.0.0.1'), 300));
        expect(error).to.be.instanceOf(EgressFailure);
        expect(error.message).to.equal('no answer within 300 ms');
      });

    it('end at the deadline while the name is looked up', async () => {
      const slow = createEgress(LOOPBACK, () => new Promise(() => undefined));
      const error = await thrownBy(slow.fetch({ url: at('slow.test'), timeoutMs: 200 }));
      expect(error.message).to.equal('no answer within 200 ms');
      slow.close();
    });

    it('fail when the response is broken off or is no HTTP, without an address in the message', async () => {
      answer = (req, res) => {
        res.writeHead(200, { 'content-length': '10' }).write('x');
        setImmediate(() => req.socket.destroy());
      };
      expect(await thrownBy(asks(at('127.0.0.1')))).to.be.instanceOf(EgressFailure);
      const rude = createTcpServer(
        (socket) =>
          void socket
            .on('error', () => undefined)
            .resume()
            .end('SSH-2.0-x\r\n'),
      );
      await new Promise<void>((done) => rude.listen(0, '127.0.0.1', done));
      const { port } = rude.address() as AddressInfo;
      expect(await thrownBy(asks(`http://127.0.0.1:${port}/`))).to.be.instanceOf(EgressFailure);
      await new Promise((done) => rude.close(done));
    });

    it('use a connection again, and replace one that the server closed', async () => {
      const ports = new Set<number | undefined>();
      answer = (req, res) => {
        ports.add(req.socket.remotePort);
        res.end();
      };
      for (let i = 0; i < 3; i++) await asks(at('127.0.0.1'));
      expect(ports.size).to.equal(1);
      let broken = 0;
      answer = (req, res) => {
        if (ports.has(req.socket.remotePort)) {
          broken++;
          req.socket.resetAndDestroy();
        } else res.end('new');
      };
      expect((await asks(at('127.0.0.1'))).body.toString()).to.equal('new');
      expect(broken).to.equal(1);
    });
  });

  it('by TLS verify the name of the URL, whatever address it has', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'egress-'));
    const file = (name: string): string => join(dir, name);
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
        ...['-subj', '/CN=loopback.test', '-addext', 'subjectAltName=DNS:loopback.test'],
        ...['-keyout', file('key.pem'), '-out', file('cert.pem')],
      ],
      { stdio: 'ignore' },
    );
    const [key, cert] = ['key.pem', 'cert.pem'].map((name) => readFileSync(file(name), 'utf8'));
    rmSync(dir, { recursive: true });
    const names: (string | undefined)[] = [];
    const server = createTlsServer({ key, cert }, (req, res) => {
      names.push((req.socket as TLSSocket & { servername?: string }).servername);
      res.end('secure');
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    const usual = getCACertificates('default');
    expect(await thrownBy(asks(`https://loopback.test:${port}/`))).to.be.instanceOf(EgressFailure);
    setDefaultCACertificates([cert as string]);
    try {
      const fresh = createEgress(LOOPBACK, toLoopback);
      const ask = (host: string) => fresh.fetch({ url: `https://${host}:${port}/`, timeoutMs: 2000 });
      expect((await ask('loopback.test')).body.toString()).to.equal('secure');
      expect(names).to.deep.equal(['loopback.test']);
      expect(await thrownBy(ask('other.test'))).to.be.instanceOf(EgressFailure);
      fresh.close();
    } finally {
      setDefaultCACertificates(usual);
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    }
  });
});
