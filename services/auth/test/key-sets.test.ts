// JWK Sets of applications: how often their servers are asked, and what happens without them.
import { createMetrics, newId } from '@chatapi/kit';
import { createEgress } from '@chatapi/kit/egress';
import { DEAD_URL, eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { createKeySets, type KeySets, readJwks } from '../src/issuers/key-sets.ts';
import { keysFor } from '../src/issuers/trusted-keys.ts';
import { type Auth, openAuth } from './harness.ts';
import { createIssuer, ec, type KeyServer, rsa, startKeyServer } from './issuer-harness.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe('JWK Sets', () => {
  let auth: Auth;
  let server: KeyServer;
  let id: string;
  let sets: KeySets;
  let time: number;
  const one = ec();
  const two = ec();
  const egress = createEgress(['127.0.0.0/8']);

  const openSets = (): KeySets =>
    createKeySets({ ...auth.ctx, egress, metrics: createMetrics('auth', 'test') }, () => time);

  before(async () => {
    auth = await openAuth({ EGRESS_ALLOW: '127.0.0.0/8' });
  });
  beforeEach(async () => {
    server = await startKeyServer(one.jwk('one'));
    ({ id } = await createIssuer(auth, { jwks_url: server.url }));
    time = Date.now();
    sets = openSets();
  });
  afterEach(async () => {
    await server.stop();
    await auth.ctx.db('issuers').delete();
  });
  after(async () => {
    egress.close();
    await auth?.close();
  });

  const source = async () => {
    const [row] = await auth.ctx.db('issuers').where('id', id);
    return row as { id: string; jwks_url: string; jwks_fetched_at: Date | null };
  };
  /** How many keys there are, or the code of the error. */
  const find = async (kid: string, from = sets): Promise<number | string> => {
    const head = { alg: 'ES256', kid };
    return from
      .find(await source(), (keys) => keysFor(keys, head))
      .then(
        (keys) => keys.length,
        ({ code }) => code,
      );
  };
  const settle = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 100));

  it('are fetched once for many tokens at once, and kept', async () => {
    expect(await Promise.all(Array.from({ length: 20 }, () => find('one')))).to.deep.equal(Array(20).fill(1));
    time += 9 * MINUTE;
    expect(await find('one')).to.equal(1);
    expect(server.asked).to.equal(1);
  });

  it('under a flood of unknown kids are asked for once in 30 s, and known ones are served meanwhile', async () => {
    await find('one');
    time += 30_000;
    for (let n = 0; n < 200; n++) expect(await find(`unknown${n}`)).to.equal(0);
    expect(await find('one')).to.equal(1);
    expect(server.asked).to.equal(2);
    time += 29_999;
    expect(await find('unknown')).to.equal(0);
    expect(server.asked).to.equal(2);
    time += 1;
    await Promise.all(Array.from({ length: 50 }, (_, n) => find(`other${n}`)));
    expect(server.asked).to.equal(3);
  });

  it('that got a new key have it with the next unknown kid, and lose the one that is withdrawn', async () => {
    await find('one');
    time += 30_000;
    server.keys = [two.jwk('two')];
    expect(await find('two')).to.equal(1);
    expect(await find('one')).to.equal(0);
  });

  it('that are old are fetched in the background: no token of a known key waits', async () => {
    await find('one');
    time += 11 * MINUTE;
    server.answer = () => undefined;
    const began = Date.now();
    expect(await find('one')).to.equal(1);
    expect(Date.now() - began).to.be.below(1000);
    await eventually(() => expect(server.asked).to.equal(2));
  });

  it('are used for an hour while their server is away, then 503; unknown kids are 503 at once', async () => {
    await find('one');
    server.answer = (_req, res) => res.writeHead(500).end();
    time += 59 * MINUTE;
    expect(await find('one')).to.equal(1);
    await settle();
    expect(await find('unknown')).to.equal('SERVICE_UNAVAILABLE');
    time += 2 * MINUTE;
    expect(await find('one')).to.equal('SERVICE_UNAVAILABLE');
    server.answer = undefined;
    time += 30_000;
    expect(await find('one')).to.equal(1);
  });

  it('of a server that was never reached are 503, and the server is not asked for each token', async () => {
    await auth.ctx.db('issuers').update({ jwks_url: DEAD_URL });
    for (let n = 0; n < 3; n++) expect(await find('one')).to.equal('SERVICE_UNAVAILABLE');
    await auth.ctx.db('issuers').update({ jwks_url: server.url });
    time += 30_000;
    expect(await find('one')).to.equal(1);
  });

  it('of a name that leads inside are 503: the guard refuses them at every fetch', async () => {
    await auth.ctx.db('issuers').update({ jwks_url: 'http://10.0.0.1/keys' });
    expect(await find('one')).to.equal('SERVICE_UNAVAILABLE');
  });

  it('are known to an instance that starts while the server is away, and fresh ones to each instance', async () => {
    await find('one');
    server.answer = (_req, res) => res.writeHead(500).end();
    const started = openSets();
    expect(await find('one', started)).to.equal(1);
    expect(server.asked).to.equal(1);
    server.answer = undefined;
    server.keys = [two.jwk('two')];
    time += 30_000;
    expect(await find('two', started)).to.equal(1);
    expect(await find('two')).to.equal(1);
    expect(server.asked).to.equal(2);
  });

  it('of an issuer that is deleted meanwhile verify nothing', async () => {
    const gone = { id: newId('iss'), jwks_url: DEAD_URL, jwks_fetched_at: new Date(time) };
    const error = await sets.find(gone, (keys) => keys).catch((thrown) => thrown);
    expect(error.code).to.equal('SERVICE_UNAVAILABLE');
  });

  it('are found although they can’t be stored', async () => {
    const row = await source();
    await auth.ctx.db.raw('alter table issuers rename column jwks to jwks_away');
    expect(await sets.find(row, (keys) => keys)).to.have.length(1);
    await auth.ctx.db.raw('alter table issuers rename column jwks_away to jwks');
  });

  it('of more issuers than there can be are forgotten, the oldest first', async () => {
    await find('one');
    await auth.ctx.db('issuers').update({ jwks_fetched_at: null });
    for (let n = 0; n < 64; n++) {
      const other = { id: newId('iss'), jwks_url: server.url, jwks_fetched_at: null };
      await sets.find(other, (keys) => keys);
    }
    const { asked } = server;
    await find('one');
    expect(server.asked).to.equal(asked + 1);
  });

  for (const [what, answer] of Object.entries({
    'too large': (res) => res.end(JSON.stringify({ keys: [one.jwk('one')], pad: 'x'.repeat(70_000) })),
    'no JSON': (res) => res.end('<html>'),
    'JSON but no JWK Set': (res) => res.end('null'),
    'without a usable key': (res) => res.end(JSON.stringify({ keys: [{ kty: 'oct', k: 'AAAA' }, null, 1, 'x'] })),
    'a redirect to the keys': (res) => res.writeHead(302, { location: '/keys' }).end(),
    'cut off': (res) => {
      res.writeHead(200, { 'content-length': '1000' }).write('{"keys":[');
      setImmediate(() => res.destroy());
    },
  } satisfies Record<string, (res: import('node:http').ServerResponse) => unknown>))
    it(`that are ${what} replace nothing`, async () => {
      await find('one');
      time += 11 * MINUTE;
      server.answer = (_req, res) => void answer(res);
      expect(await find('one')).to.equal(1);
      await eventually(() => expect(server.asked).to.equal(2));
      await settle();
      expect(await find('one')).to.equal(1);
      expect(await find('one', openSets())).to.equal(1);
      expect((await source()).jwks_fetched_at?.getTime()).to.be.below(time - 10 * MINUTE);
    });

  it('that drip in are given up after 2.5 s', async () => {
    server.answer = (_req, res) => {
      const drip = setInterval(() => res.write(' '), 50);
      res.once('close', () => clearInterval(drip));
    };
    const began = Date.now();
    expect(await find('one')).to.equal('SERVICE_UNAVAILABLE');
    expect(Date.now() - began).to.be.within(2000, 20_000);
  });

  it('hold keys for encryption, secrets and private keys that are passed over', () => {
    const jwk = rsa().jwk('good');
    const keys = readJwks(
      JSON.stringify({
        keys: [
          { ...rsa().jwk('enc'), use: 'enc' },
          { kty: 'oct', kid: 'secret', k: 'A'.repeat(43) },
          { ...rsa().jwk('private'), d: 'AQAB' },
          { kty: 'EC', crv: 'P-256', x: 'AAAA', y: 'AAAA', kid: 'off-curve' },
          jwk,
        ],
      }),
    );
    expect(keys.map(({ kid, algorithm }) => [kid, algorithm])).to.deep.equal([['good', 'RS256']]);
    const many = Array.from({ length: 150 }, (_, n) => ({ ...jwk, kid: `k${n}` }));
    expect(readJwks(JSON.stringify({ keys: many }))).to.have.length(100);
  });

  it('without ids are tried one by one', async () => {
    server.keys = [one.jwk(), two.jwk()];
    expect(await find('any')).to.equal(2);
    time += HOUR;
  });
});
