// Issuers as admins make them: which keys are taken, and what is stored and shown.
import { createSecretKey, randomBytes } from 'node:crypto';
import { newId } from '@chatapi/kit';
import { served } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { verifyForeignToken } from '../src/issuers/foreign-token.ts';
import { resealSecrets } from '../src/issuers/issuers.ts';
import { type Auth, openAuth } from './harness.ts';
import { createIssuer, ec, ed25519, ISSUER, privateJwk, privatePem, rsa, tokenOf } from './issuer-harness.ts';

const SEALING_KEY = 'tests-seal-with-this-0123456789-abcdef';
const NEXT_KEY = 'tests-seal-with-another-9876543210-fed';
const SECRET = 'a-secret-of-the-application-42-bytes-long!';

describe('issuers', () => {
  let auth: Auth & { schema: string };
  before(async () => {
    auth = await openAuth({ SEALING_KEY });
  });
  afterEach(() => auth.ctx.db('issuers').delete());
  after(() => auth?.close());

  const refused = async (more: object): Promise<Record<string, any>> =>
    createIssuer(auth, more).then(
      () => expect.fail(JSON.stringify(more)),
      (error) => error,
    );
  const keyFault = async (key: unknown): Promise<string> => {
    const { code, details } = await refused({ public_keys: [rsa().pem, key] });
    expect([code, details.fields[0].path]).to.deep.equal(['VALIDATION_ERROR', 'public_keys.1']);
    return details.fields[0].message;
  };

  it('take public keys as PEM and JWK, and show them as JWKs with their ids', async () => {
    const pairs = [rsa(), ec(), ec('P-384', 'ES384'), ec('P-521', 'ES512'), ed25519()];
    const public_keys = [
      ...pairs.map(({ pem }) => pem),
      ...pairs.map(({ jwk, alg }) => ({ ...jwk('k1'), alg, use: 'sig' })),
    ];
    const created = await createIssuer(auth, { public_keys });
    expect(created.public_keys.map(({ kty, kid }: { kty: string; kid?: string }) => [kty, kid])).to.deep.equal([
      ...['RSA', 'EC', 'EC', 'EC', 'OKP'].map((kty) => [kty, undefined]),
      ...['RSA', 'EC', 'EC', 'EC', 'OKP'].map((kty) => [kty, 'k1']),
    ]);
    for (const pair of pairs)
      await verifyForeignToken(auth.ctx, await tokenOf(pair.privateKey, { alg: pair.alg, header: { kid: 'k1' } }));
  });

  it('refuse private keys, in any form, and never repeat them', async () => {
    for (const pair of [rsa(), ec(), ed25519()]) {
      for (const key of [privatePem(pair), privateJwk(pair)])
        expect(await keyFault(key)).to.equal('public_keys.1 must not be a private key');
      expect(JSON.stringify(await refused({ public_keys: [privateJwk(pair)] }))).to.not.include(privateJwk(pair).d);
    }
    expect(await keyFault({ kty: 'oct', k: randomBytes(32).toString('base64url') })).to.include('private key');
    expect(await keyFault({ ...rsa().jwk(), d: '' })).to.include('private key');
    expect(await keyFault(`${rsa().pem}${privatePem(rsa())}`)).to.include('private key');
  });

  it('refuse keys that are small, of another kind, for something else or unreadable', async () => {
    expect(await keyFault(rsa(1024).pem)).to.include('2048 to 8192 bits');
    expect(await keyFault(ec('secp256k1').pem)).to.include('on a curve');
    const { generateKeyPairSync } = await import('node:crypto');
    for (const type of ['x25519', 'ed448'] as const) {
      const { publicKey } = generateKeyPairSync(type as 'x25519');
      expect(await keyFault(publicKey.export({ format: 'pem', type: 'spki' }))).to.include('must be a key for');
    }
    expect(await keyFault({ ...rsa().jwk(), use: 'enc' })).to.include('not for signatures');
    expect(await keyFault({ ...rsa().jwk(), key_ops: ['encrypt'] })).to.include('not for signatures');
    for (const alg of ['RS512', 'PS256', 'HS256', 'none', 1])
      expect(await keyFault({ ...rsa().jwk(), alg })).to.include('another algorithm than RS256');
    for (const junk of ['', 'key', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----', { kty: 'RSA' }, {}])
      expect(await keyFault(junk), JSON.stringify(junk)).to.be.a('string');
    expect(await keyFault(rsa().pem + rsa().pem)).to.include('one PEM block');
  });

  it('take signature keys whose use and operations say so, and Ed25519 by its new name', async () => {
    const pair = ed25519();
    await createIssuer(auth, { public_keys: [{ ...pair.jwk(), alg: 'Ed25519', use: 'sig', key_ops: ['verify'] }] });
    await verifyForeignToken(auth.ctx, await tokenOf(pair.privateKey, { alg: 'EdDSA' }));
    await verifyForeignToken(auth.ctx, await tokenOf(pair.privateKey, { alg: 'Ed25519' }));
  });

  it('keep a secret encrypted, bound to its row, and never show it', async () => {
    const created = await createIssuer(auth, { secret: SECRET });
    expect(created).to.include({ has_secret: true, jwks_url: null, public_keys: null });
    const { body } = await auth.inside('get', '/internal/issuers');
    const [row] = await auth.ctx.db('issuers').where('id', created.id);
    for (const text of [
      JSON.stringify(created),
      JSON.stringify(body),
      JSON.stringify(row),
      row.sealed_secret.toString('latin1'),
    ])
      expect(text).to.not.include(SECRET);
    const token = await tokenOf(SECRET, { alg: 'HS256' });
    await verifyForeignToken(auth.ctx, token);
    // Copied to another row, or changed, it opens nothing.
    const moved = newId('iss');
    await auth.ctx.db('issuers').where('id', created.id).update({ id: moved });
    const error = await verifyForeignToken(auth.ctx, token).catch((thrown) => thrown);
    expect(error.code).to.equal('SERVICE_UNAVAILABLE');
  });

  it('that have a secret need SEALING_KEY; others do not', async () => {
    const bare = await openAuth({}, auth.schema);
    const error = await createIssuer(bare, { secret: SECRET }).catch((thrown) => thrown);
    expect([error.code, error.details.reason]).to.deep.equal(['SERVICE_UNAVAILABLE', 'sealing_key_missing']);
    await createIssuer(bare, { public_keys: [rsa().pem] });
    await resealSecrets(bare.ctx);
    await bare.close();
  });

  it('keep their secrets through a change of SEALING_KEY while instances restart one by one', async () => {
    await createIssuer(auth, { secret: SECRET });
    const token = await tokenOf(SECRET, { alg: 'HS256' });
    const first = await openAuth({ SEALING_KEY, SEALING_KEY_PREVIOUS: NEXT_KEY }, auth.schema);
    const second = await openAuth({ SEALING_KEY: NEXT_KEY, SEALING_KEY_PREVIOUS: SEALING_KEY }, auth.schema);
    const third = await openAuth({ SEALING_KEY: NEXT_KEY }, auth.schema);
    // The second changes it, the first takes it back, and the second changes it again.
    for (const one of [first, second, first, second]) {
      await resealSecrets(one.ctx);
      for (const reader of [first, second]) await verifyForeignToken(reader.ctx, token);
    }
    await verifyForeignToken(third.ctx, token);
    // One that knows only the old key runs all the same, and answers 503.
    const late = await openAuth({ SEALING_KEY }, auth.schema);
    await resealSecrets(late.ctx);
    expect((await verifyForeignToken(late.ctx, token).catch((thrown) => thrown)).code).to.equal('SERVICE_UNAVAILABLE');
    await Promise.all([first, second, third, late].map((one) => one.close()));
  });

  it('refuse a jwks_url that leads inside, and one that is none', async () => {
    for (const jwks_url of [
      'http://169.254.169.254/latest',
      'http://[::1]/',
      'http://2130706433/keys',
      'http://localhost:1/',
    ]) {
      const { code, details } = await refused({ jwks_url });
      expect([code, details.reason, details.fields[0].path]).to.deep.equal([
        'VALIDATION_ERROR',
        'address_not_allowed',
        'jwks_url',
      ]);
    }
    for (const jwks_url of ['ftp://app.example/', 'https://user:pass@app.example/', 'keys'])
      expect((await refused({ jwks_url })).details.reason).to.equal('url_not_allowed');
  });

  it('are at most 50, also when many are made at once', async () => {
    const key = rsa().pem;
    const make = (n: number) =>
      createIssuer(auth, { issuer: `${ISSUER}/${n}`, public_keys: [key] }).then(
        () => ({ status: 201, result: 'made' }),
        ({ status, code, details }) => ({ status, result: `${code} ${details.reason}` }),
      );
    const made = await Promise.all(Array.from({ length: 60 }, (_, n) => served(() => make(n))));
    const results = made.map(({ result }) => result);
    expect(results.filter((result) => result === 'made')).to.have.length(50);
    expect(results.filter((result) => result === 'CONFLICT limit')).to.have.length(10);
  });

  it('are listed newest first with a cursor and deleted by id', async () => {
    const secret = createSecretKey(Buffer.from(SECRET)).export().toString();
    const ids = [];
    for (let n = 0; n < 3; n++) ids.unshift((await createIssuer(auth, { issuer: `${ISSUER}/${n}`, secret })).id);
    const first = await auth.inside('get', '/internal/issuers?limit=2');
    expect(first.body.issuers.map(({ id }: { id: string }) => id)).to.deep.equal(ids.slice(0, 2));
    const second = await auth.inside('get', `/internal/issuers?limit=2&cursor=${first.body.next_cursor}`);
    expect(second.body.issuers.map(({ id }: { id: string }) => id)).to.deep.equal(ids.slice(2));
    expect((await auth.inside('delete', `/internal/issuers/${ids[0]}`)).status).to.equal(204);
    expect((await auth.inside('delete', `/internal/issuers/${ids[0]}`)).status).to.equal(404);
  });
});
