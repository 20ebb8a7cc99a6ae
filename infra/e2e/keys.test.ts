// Changing the keys of access tokens on a cluster at work: nobody is logged out, and an old key ends with its tokens.
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Account, login, register, rest } from './client.ts';
import { dispose, doorsOf, nodesOf, ownCluster, type TestCluster } from './cluster.ts';
import { eventually, expectError } from './expects.ts';
import { closeAll, connect, refusedUpgrade, wsUrl } from './socket.ts';

const TWO_DOORS = { GATEWAY_INSTANCES: '2', JWT_EXPIRE_MINUTES: '5' };
const OLD = 'the-old-secret-0123456789-abcdefghijklm';
const NEW = 'a-newer-secret-9876543210-zyxwvutsrqpon';

const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
const headerOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[0] as string, 'base64url').toString());
const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] as string, 'base64url').toString());
const hmac = (text: string, secret: string | Buffer, hash = 'sha256'): string =>
  `${text}.${createHmac(hash, secret).update(text).digest('base64url')}`;

/** On both doors and both nodes. */
async function isGood(own: TestCluster, token: string): Promise<void> {
  for (const url of doorsOf(own)) await rest({ token }, url).get('/users/me').expect(200);
  for (const url of nodesOf(own)) await (await connect({ token } as Account, url)).close();
}

async function isRefused(own: TestCluster, token: string, what?: string): Promise<void> {
  for (const url of doorsOf(own)) {
    const answer = await rest({ token }, url).get('/users/me');
    expect(answer.status, what).to.equal(401);
    expectError(answer, 401, 'AUTHENTICATION_ERROR');
  }
  for (const url of nodesOf(own)) expect((await refusedUpgrade(wsUrl(url, token))).status, what).to.equal(401);
}

const refresh = async (own: TestCluster, { refresh_token }: { refresh_token: string }) =>
  (await rest(undefined, own.url).post('/users/refresh', { refresh_token }).expect(200)).body;

describe('a change of keys', function () {
  // Up to three whole clusters after each other.
  this.timeout(240_000);
  let own: TestCluster;
  const folder = mkdtempSync(join(tmpdir(), 'chatapi-keys-'));
  afterEach(async () => {
    closeAll();
    await dispose(own);
  });
  after(() => rmSync(folder, { recursive: true }));

  it('of HS256: old tokens stay good with the previous secret, end without it, and sessions outlive both', async () => {
    own = await ownCluster({ ...TWO_DOORS, JWT_SECRET_KEY: OLD });
    const ann = await register('ann', own.url);
    const { dataDir } = own;
    await own.stop();

    own = await ownCluster({ ...TWO_DOORS, JWT_SECRET_KEY: NEW, JWT_SECRET_KEY_PREVIOUS: OLD }, dataDir);
    await isGood(own, ann.token);
    const second = await refresh(own, ann);
    const [head, claims] = second.access_token.split('.');
    expect(hmac(`${head}.${claims}`, NEW)).to.equal(second.access_token);
    await isGood(own, second.access_token);
    await own.stop();

    own = await ownCluster({ ...TWO_DOORS, JWT_SECRET_KEY: NEW }, dataDir);
    await isRefused(own, ann.token);
    await isGood(own, second.access_token);
    await isGood(own, (await refresh(own, second)).access_token);
    await forgeriesOfHs256(own, second.access_token);
  });

  /** With the right secret or without it: what has the wrong shape is not taken. */
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
      'an end as text': signed({ exp: '9999999999' }),
      'an end in the past': signed({ exp: Date.now() / 1000 - 1 }),
      'a role that is none': signed({ role: 'root' }),
      'not valid yet': signed({ nbf: Date.now() / 1000 + 600 }),
      'a part more': `${good}.x`,
      'no signature': good.slice(0, good.lastIndexOf('.') + 1),
    }))
      await isRefused(own, token, what);
  }

  for (const algorithm of ['RS256', 'EdDSA'] as const)
    it(`of ${algorithm}, under live sockets: only auth has the private key, the doors take the new public one by themselves`, async () => {
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
        ...TWO_DOORS,
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

      // A key that nobody had announced is fetched at the first token that bears it.
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
        'a stranger under our kid': forged({ kid }, stranger.privateKey),
        'a stranger with its own key in the header': forged({ kid: 'mine', jwk }, stranger.privateKey),
        'a stranger with an address of keys': forged(
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
