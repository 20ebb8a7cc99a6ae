// Rotation of signing keys on a running cluster: nobody is logged out, and an old key becomes
// invalid with its tokens.
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { type Account, login, register, rest } from '../support/client.ts';
import { dispose, gatewaysOf, nodesOf, ownCluster, type TestCluster } from '../support/cluster.ts';
import { expectError } from '../support/expects.ts';
import { closeAll, connect, refusedUpgrade, wsUrl } from '../support/socket.ts';

const TWO_GATEWAYS = { GATEWAY_INSTANCES: '2', JWT_EXPIRE_MINUTES: '5' };
const OLD = 'the-old-secret-0123456789-abcdefghijklm';
const GRACE_MS = 3000;
const NEW = 'a-newer-secret-9876543210-zyxwvutsrqpon';

const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
const headerOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[0] as string, 'base64url').toString());
const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] as string, 'base64url').toString());
const hmac = (text: string, secret: string | Buffer, hash = 'sha256'): string =>
  `${text}.${createHmac(hash, secret).update(text).digest('base64url')}`;

/** On both gateways and both nodes. */
async function isGood(own: TestCluster, token: string): Promise<void> {
  for (const url of gatewaysOf(own)) await rest({ token }, url).get('/users/me').expect(200);
  for (const url of nodesOf(own)) await (await connect({ token } as Account, url)).close();
}

async function isRefused(own: TestCluster, token: string, what?: string): Promise<void> {
  for (const url of gatewaysOf(own)) {
    const answer = await rest({ token }, url).get('/users/me');
    expect(answer.status, what).to.equal(401);
    expectError(answer, 401, 'AUTHENTICATION_ERROR');
  }
  for (const url of nodesOf(own)) expect((await refusedUpgrade(wsUrl(url, token))).status, what).to.equal(401);
}

const refresh = async (own: TestCluster, { refresh_token }: { refresh_token: string }) =>
  (await rest(undefined, own.url).post('/users/refresh', { refresh_token }).expect(200)).body;

describe('a key rotation', function () {
  this.timeout(240_000);
  let own: TestCluster;
  const folder = mkdtempSync(join(tmpdir(), 'chatapi-keys-'));
  afterEach(async () => {
    closeAll();
    await dispose(own);
  });
  after(() => rmSync(folder, { recursive: true }));

  it('of HS256: old tokens stay valid with the previous secret, become invalid without it, and sessions survive both', async () => {
    own = await ownCluster({ ...TWO_GATEWAYS, JWT_SECRET_KEY: OLD });
    const ann = await register('ann', own.url);
    await change({ JWT_SECRET_KEY: NEW, JWT_SECRET_KEY_PREVIOUS: OLD }, /gateway|realtime/);
    await isGood(own, (await refresh(own, ann)).access_token);
    await change({ JWT_SECRET_KEY: NEW }, /^auth/);
    await isGood(own, ann.token);
    const second = await refresh(own, ann);
    const [head, claims] = second.access_token.split('.');
    expect(hmac(`${head}.${claims}`, NEW)).to.equal(second.access_token);
    await isGood(own, second.access_token);
    await change({ JWT_SECRET_KEY: NEW }, /gateway|realtime/);
    await isRefused(own, ann.token);
    await isGood(own, second.access_token);
    await isGood(own, (await refresh(own, second)).access_token);
    await forgeriesOfHs256(own, second.access_token);
  });

  /** As an operator does: changes settings and restarts these instances. */
  async function change(env: NodeJS.ProcessEnv, names: RegExp): Promise<void> {
    const hit = own.instances.filter(({ name }) => names.test(name));
    await Promise.all(hit.map(({ name }) => own.restart(name, GRACE_MS, { env })));
    await own.waitReady();
  }

  /** Forged tokens, signed with the right secret or without it. */
  async function forgeriesOfHs256(own: TestCluster, good: string): Promise<void> {
    const claims = claimsOf(good);
    const signed = (over: object, header: object = { alg: 'HS256', typ: 'JWT' }): string =>
      hmac(`${encode(header)}.${encode({ ...claims, ...over })}`, NEW);
    await isGood(own, signed({}));
    const text = `${encode({ alg: 'HS512', typ: 'JWT' })}.${encode(claims)}`;
    for (const [what, token] of Object.entries({
      'no algorithm': `${encode({ alg: 'none' })}.${encode(claims)}.`,
      'None with a signature': signed({}, { alg: 'None' }),
      'another hash': hmac(text, NEW, 'sha512'),
      'an empty secret': hmac(`${encode({ alg: 'HS256', kid: '/dev/null' })}.${encode(claims)}`, ''),
      'a kid of SQL': hmac(`${encode({ alg: 'HS256', kid: "' union select 'x" })}.${encode(claims)}`, 'x'),
      'another issuer': signed({ iss: 'evil' }),
      'another audience': signed({ aud: 'chatapi-inside' }),
      'no audience': signed({ aud: undefined }),
      'no session': signed({ sid: undefined }),
      'an empty subject': signed({ sub: '' }),
      'no end': signed({ exp: undefined }),
      'an expiry as text': signed({ exp: '9999999999' }),
      'an expiry in the past': signed({ exp: Date.now() / 1000 - 1 }),
      'a life of ten years': signed({ exp: Math.floor(Date.now() / 1000) + 10 * 365 * 86_400 }),
      'a birth in ten years': signed({
        iat: Math.floor(Date.now() / 1000) + 10 * 365 * 86_400,
        exp: Math.floor(Date.now() / 1000) + 10 * 365 * 86_400 + 60,
      }),
      'an unknown role': signed({ role: 'root' }),
      'not valid yet': signed({ nbf: Date.now() / 1000 + 600 }),
      'an extra part': `${good}.x`,
      'no signature': good.slice(0, good.lastIndexOf('.') + 1),
    }))
      await isRefused(own, token, what);
  }

  for (const algorithm of ['RS256', 'EdDSA'] as const)
    it(`of ${algorithm}, with live sockets: only auth has the private key, gateways fetch the new public key themselves`, async () => {
      const pair = () =>
        algorithm === 'RS256' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ed25519');
      const [first, second, third] = [pair(), pair(), pair()];
      const [keyFile, previousFile] = [join(folder, `${algorithm}.pem`), join(folder, `${algorithm}-previous.pem`)];
      const pem = (key: KeyObject): string =>
        String(
          key.type === 'private'
            ? key.export({ type: 'pkcs8', format: 'pem' })
            : key.export({ type: 'spki', format: 'pem' }),
        );
      const give = async (signs: KeyObject, previous: KeyObject): Promise<void> => {
        writeFileSync(keyFile, pem(signs));
        writeFileSync(previousFile, pem(previous));
      };
      const restartAuth = async (): Promise<void> => {
        const before = own.pid('auth');
        own.kill('auth');
        await eventually(() => expect(own.pid('auth')).to.not.be.oneOf([before, undefined]), 20_000);
        await own.waitReady(60_000);
      };
      await give(first.privateKey, second.publicKey);
      own = await ownCluster({
        ...TWO_GATEWAYS,
        JWT_ALGORITHM: algorithm,
        JWT_PRIVATE_KEY_FILE: keyFile,
        JWT_PREVIOUS_PUBLIC_KEYS_FILE: previousFile,
      });
      const knowing = own.instances.filter(({ name }) =>
        /JWT_PRIVATE_KEY|JWT_SECRET_KEY=.+/.test(
          readFileSync(`/proc/${own.pid(name)}/environ`, 'utf8').replace(/\0JWT_SECRET_KEY=[^\0]*/, ''),
        ),
      );
      expect(knowing.map(({ name }) => name)).to.deep.equal(['auth']);

      const ann = await register('ann', own.url);
      const live = await connect(ann, nodesOf(own)[0]);
      await give(second.privateKey, first.publicKey);
      await restartAuth();
      const fresh = await eventually(() => login(ann, own.url), 10_000);
      expect(headerOf(fresh.token).kid).to.not.equal(headerOf(ann.token).kid);
      for (const { token } of [ann, fresh]) await isGood(own, token);
      await isGood(own, (await refresh(own, ann)).access_token);

      // An unannounced key is fetched when the first token signed with it arrives.
      await give(third.privateKey, second.publicKey);
      await restartAuth();
      const newest = await eventually(() => login(ann, own.url), 10_000);
      await eventually(() => isGood(own, newest.token), 5000);
      await isGood(own, fresh.token);
      live.send({ type: 'auth', token: newest.token });
      await live.next('authenticated');
      await isRefused(own, ann.token, 'the key before the last');

      const claims = encode({ ...claimsOf(newest.token), role: 'admin' });
      const { kid } = headerOf(newest.token);
      const forged = (header: object, key: KeyObject): string => {
        const text = `${encode({ alg: algorithm, typ: 'JWT', ...header })}.${claims}`;
        return `${text}.${sign(algorithm === 'RS256' ? 'sha256' : null, Buffer.from(text), key).toString('base64url')}`;
      };
      const stranger = pair();
      const jwk = stranger.publicKey.export({ format: 'jwk' });
      for (const [what, token] of Object.entries({
        'a foreign key with our kid': forged({ kid }, stranger.privateKey),
        'a foreign key in the header': forged({ kid: 'mine', jwk }, stranger.privateKey),
        'a foreign key with a URL of keys': forged(
          { kid: 'mine', jku: 'http://127.0.0.1:1/keys' },
          stranger.privateKey,
        ),
        'no kid': forged({}, third.privateKey),
        'a path as kid': forged({ kid: '../../../../dev/null' }, stranger.privateKey),
        'the public key as a secret': hmac(
          `${encode({ alg: 'HS256', typ: 'JWT', kid })}.${claims}`,
          pem(third.publicKey),
        ),
        'no algorithm': `${encode({ alg: 'none', kid })}.${claims}.`,
      }))
        await isRefused(own, token, what);
      expect(live.ws.readyState).to.equal(live.ws.OPEN);
    });
});
