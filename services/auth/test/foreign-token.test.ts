// Attacks on the verification of an application's tokens.
import { createHmac } from 'node:crypto';
import { startStubServer } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { verifyForeignToken } from '../src/issuers/foreign-token.ts';
import { type Auth, openAuth } from './harness.ts';
import {
  AUDIENCE,
  createIssuer,
  ec,
  forged,
  ISSUER,
  now,
  rsa,
  startKeyServer,
  type TokenOptions,
  tokenOf,
} from './issuer-harness.ts';

const OTHER = 'https://other.example';

describe('the token of an application', () => {
  let auth: Auth;
  const ours = rsa();
  const theirs = rsa();
  before(async () => {
    auth = await openAuth({ SEALING_KEY: 'tests-seal-with-this-0123456789-abcdef', EGRESS_ALLOW: '127.0.0.0/8' });
    await createIssuer(auth, { public_keys: [ours.jwk('k1')] });
    await createIssuer(auth, { issuer: OTHER, public_keys: [theirs.jwk('k1')] });
  });
  after(() => auth?.close());

  const verdict = async (token: string): Promise<unknown> => {
    try {
      return (await verifyForeignToken(auth.ctx, token)).claims.sub;
    } catch (error) {
      const { code, details } = error as { code: string; details: { reason: string } };
      return code === 'AUTHENTICATION_ERROR' ? details.reason : error;
    }
  };
  const signed = async (options: TokenOptions = {}, key = ours.privateKey) => verdict(await tokenOf(key, options));
  const withClaims = (claims: Record<string, unknown>) => signed({ claims });

  it('is accepted with the right key, issuer and audience', async () => {
    expect(await signed()).to.equal('u1');
    expect(await signed({ claims: { iat: undefined } })).to.equal('u1');
    expect(await signed({ header: { kid: 'k1', typ: 'JWT' } })).to.equal('u1');
    expect(await signed({ header: { kid: 'other' } })).to.equal('signature');
  });

  it('of an unknown issuer, or of none, is refused', async () => {
    for (const iss of [
      undefined,
      '',
      'https://app.example/',
      'HTTPS://app.example',
      7,
      null,
      [ISSUER],
      { a: 1 },
      `${ISSUER}\0`,
    ])
      expect(await withClaims({ iss }), String(iss)).to.equal('issuer');
  });

  it('signed by another issuer that we know is refused', async () => {
    expect(await signed({}, theirs.privateKey)).to.equal('signature');
    expect(await signed({ claims: { iss: OTHER } }, ours.privateKey)).to.equal('signature');
    expect(await signed({ claims: { iss: OTHER } }, theirs.privateKey)).to.equal('u1');
  });

  it('for another audience is refused; of several, ours must be one', async () => {
    for (const aud of [undefined, 'other', '', ['other'], [], 'CHAT', `${AUDIENCE} `, { chat: 1 }, [[AUDIENCE]]])
      expect(await withClaims({ aud }), JSON.stringify(aud)).to.equal('audience');
    expect(await withClaims({ aud: ['other', AUDIENCE] })).to.equal('u1');
  });

  it('must have an end that is not over, with 60 s of tolerance', async () => {
    for (const exp of [undefined, 'soon', null, now() - 70, 0, -1, `${now() + 300}`])
      expect(await withClaims({ exp }), String(exp)).to.equal('expired');
    for (const exp of [now() - 50, now() + 1e9, 1e300, now() + 0.5]) expect(await withClaims({ exp })).to.equal('u1');
  });

  it('from the future is refused beyond the tolerance', async () => {
    for (const name of ['nbf', 'iat']) {
      expect(await withClaims({ [name]: now() + 50 }), name).to.equal('u1');
      for (const value of [now() + 70, 'now', null, {}])
        expect(await withClaims({ [name]: value }), `${name} ${value}`).to.equal('expired');
    }
  });

  it('with alg none is refused, in any case and with any signature', async () => {
    const payload = { iss: ISSUER, aud: AUDIENCE, sub: 'u1', exp: now() + 300 };
    for (const alg of ['none', 'None', 'NONE', 'nOnE', '', undefined, null, 0, ['RS256']])
      for (const signature of ['', 'AAAA'])
        expect(await verdict(forged({ alg }, payload, signature))).to.equal('signature');
  });

  it('signed with our public key as a secret is refused (RS256 to HS256), in every form of the key', async () => {
    const head = { alg: 'HS256', typ: 'JWT', kid: 'k1' };
    const payload = { iss: ISSUER, aud: AUDIENCE, sub: 'u1', exp: now() + 300 };
    const der = ours.publicKey.export({ format: 'der', type: 'spki' });
    const forms = [ours.pem, ours.pem.trim(), der, JSON.stringify(ours.jwk('k1')), ours.jwk().n as string, ''];
    for (const key of forms) {
      const body = forged(head, payload).slice(0, -1);
      const signature = createHmac('sha256', key).update(body).digest('base64url');
      expect(await verdict(`${body}.${signature}`)).to.equal('signature');
    }
  });

  it('with another algorithm of the same key is refused: the kind of key pins it', async () => {
    for (const alg of ['RS384', 'RS512', 'PS256', 'PS384', 'PS512'])
      expect(await signed({ alg })).to.equal('signature');
    expect(await verdict(await tokenOf(ec().privateKey, { alg: 'ES256', header: { kid: 'k1' } }))).to.equal(
      'signature',
    );
  });

  it('that brings its own key is refused, and no URL in its header is asked (jwk, jku, x5u, x5c)', async () => {
    let asked = 0;
    const bait = await startStubServer((_req, res) => {
      asked++;
      res.end(JSON.stringify({ keys: [theirs.jwk('k1')] }));
    });
    for (const header of [
      { jwk: theirs.jwk('k1') },
      { jku: bait.url, kid: 'k1' },
      { x5u: bait.url },
      { x5c: [theirs.publicKey.export({ format: 'der', type: 'spki' }).toString('base64')] },
      { kid: bait.url },
    ])
      expect(await signed({ header }, theirs.privateKey), JSON.stringify(header)).to.equal('signature');
    expect(await signed({ header: { jku: bait.url, jwk: theirs.jwk() } })).to.equal('u1');
    expect(asked).to.equal(0);
    await bait.stop();
  });

  it('whose kid tries to be a path, a query or no text is refused or only not found', async () => {
    for (const kid of ['../../../dev/null', "k1' or '1'='1", 'k1\0', '/proc/self/environ', 'K1', ' k1', '__proto__'])
      expect(await signed({ header: { kid } }), kid).to.equal('signature');
    const payload = { iss: ISSUER, aud: AUDIENCE, sub: 'u1', exp: now() + 300 };
    for (const kid of [1, null, { a: 1 }, ['k1']])
      expect(await verdict(forged({ alg: 'RS256', kid }, payload, 'AAAA'))).to.equal('signature');
  });

  it('with a critical extension, a changed payload or a cut signature is refused', async () => {
    const token = await tokenOf(ours.privateKey);
    const [head = '', payload = '', signature = ''] = token.split('.');
    const other = Buffer.from(
      JSON.stringify({ ...JSON.parse(Buffer.from(payload, 'base64url').toString()), sub: 'root' }),
    ).toString('base64url');
    for (const bad of [
      `${head}.${other}.${signature}`,
      `${head}.${payload}.${signature.slice(0, -4)}`,
      `${head}.${payload}.`,
    ])
      expect(await verdict(bad)).to.equal('signature');
    const critical = forged(
      { alg: 'RS256', crit: ['x'], x: 1 },
      JSON.parse(Buffer.from(payload, 'base64url').toString()),
      signature,
    );
    expect(await verdict(critical)).to.equal('signature');
  });

  it('that is no JWT is refused', async () => {
    for (const junk of [
      '',
      'a',
      'a.b.c',
      '..',
      'e30.e30.',
      'e30.W10.',
      'bnVsbA.bnVsbA.bnVsbA',
      'a.b.c.d.e',
      '\0.\0.\0',
      '🐈.🐈.🐈',
    ])
      expect(await verdict(junk), junk).to.be.oneOf(['signature', 'issuer']);
  });

  it('verifies by a secret only with HS256, and only by the right one', async () => {
    const secret = 'a-secret-of-the-application-42-bytes-long!';
    await createIssuer(auth, { issuer: 'https://hs.example', secret });
    const claims = { iss: 'https://hs.example' };
    const by = async (key: string, alg = 'HS256') => verdict(await tokenOf(key, { alg, claims }));
    expect(await by(secret)).to.equal('u1');
    expect(await by(`${secret}x`)).to.equal('signature');
    expect(await by(secret.repeat(2), 'HS512')).to.equal('signature');
    expect(await by(secret, 'HS384')).to.equal('signature');
    expect(await signed({ claims })).to.equal('signature');
  });

  it('verifies by the keys of a server, whose last fetch is shown', async () => {
    const server = await startKeyServer(ours.jwk('k1'));
    const claims = { iss: 'https://served.example' };
    const { id, jwks_fetched_at } = await createIssuer(auth, { issuer: claims.iss, jwks_url: server.url });
    expect(jwks_fetched_at).to.equal(null);
    expect(await signed({ claims })).to.equal('u1');
    expect(await signed({ claims }, theirs.privateKey)).to.equal('signature');
    const { body } = await auth.inside('get', '/internal/issuers');
    const shown = body.issuers.find((issuer: { id: string }) => issuer.id === id);
    expect(Date.parse(shown.jwks_fetched_at)).to.be.closeTo(Date.now(), 60_000);
    expect(shown).to.not.have.property('jwks');
    await server.stop();
  });

  it('of an issuer that is entered twice verifies with either key, so that a secret can be replaced', async () => {
    const [old, next] = ['the-old-secret-of-this-application-0123456', 'the-next-secret-of-this-application-012345'];
    const claims = { iss: 'https://twice.example' };
    for (const secret of [old, next]) await createIssuer(auth, { issuer: claims.iss, secret });
    await createIssuer(auth, {
      issuer: claims.iss,
      audience: 'elsewhere',
      secret: 'the-third-secret-of-this-application-01234',
    });
    for (const key of [old, next]) expect(await verdict(await tokenOf(key, { alg: 'HS256', claims }))).to.equal('u1');
    const third = 'the-third-secret-of-this-application-01234';
    expect(await verdict(await tokenOf(third, { alg: 'HS256', claims }))).to.equal('signature');
  });
});
