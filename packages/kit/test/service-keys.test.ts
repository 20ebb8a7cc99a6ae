import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import Joi from 'joi';
import {
  createServiceKeys,
  isSignedBy,
  macOf,
  publicKeyOf,
  SERVICES,
  type ServiceKeySettings,
  type ServiceName,
  serviceKeySettings,
} from '../src/auth/service-keys.ts';
import { identityHeaders, verifyIdentity } from '../src/auth/signed-identity.ts';
import { serviceIdentity } from '../src/testing/identities.ts';

const randomKey = (): string => randomBytes(32).toString('base64');
const firstKeys = Object.fromEntries(SERVICES.map((name) => [name, randomKey()])) as Record<ServiceName, string>;

/** @param added public keys that follow the first ones. */
function keysOf(
  self: ServiceName,
  own: Partial<ServiceKeySettings> = {},
  all: Record<string, string> = firstKeys,
  added: [string, string][] = [],
) {
  const list = Object.entries(all).map(([name, key]): [string, string] => [name, publicKeyOf(key)]);
  return createServiceKeys(self, {
    SERVICE_KEY: all[self] as string,
    ...own,
    SERVICE_PUBLIC_KEYS: [...list, ...added],
  });
}
type Keys = ReturnType<typeof keysOf>;

/** Whether each of both can sign for the other. */
function talk(one: Keys, other: Keys): boolean {
  const says = (from: Keys, to: Keys): boolean =>
    isSignedBy(to, 'signal', from.self, macOf(from.signing('signal', to.self), 'text'), 'text');
  return says(one, other) && says(other, one);
}

describe('keys of services', () => {
  it('two services sign for each other, and each for other instances of its own', () => {
    for (const one of SERVICES) for (const other of SERVICES) expect(talk(keysOf(one), keysOf(other))).to.equal(true);
  });

  it('a third service can neither sign nor verify for two others', () => {
    const mac = macOf(keysOf('auth').signing('signal', 'message'), 'text');
    expect(isSignedBy(keysOf('message'), 'signal', 'file', mac, 'text')).to.equal(false);
    expect(isSignedBy(keysOf('file'), 'signal', 'auth', mac, 'text')).to.equal(false);
    const forged = macOf(keysOf('file').signing('signal', 'message'), 'text');
    expect(isSignedBy(keysOf('message'), 'signal', 'auth', forged, 'text')).to.equal(false);
  });

  it('a text does not verify for another purpose, in the other direction, or changed', () => {
    const [auth, message] = [keysOf('auth'), keysOf('message')];
    const mac = macOf(auth.signing('fact', 'message'), 'text');
    expect(isSignedBy(message, 'fact', 'auth', mac, 'text')).to.equal(true);
    expect(isSignedBy(message, 'settlement', 'auth', mac, 'text')).to.equal(false);
    expect(isSignedBy(auth, 'fact', 'message', mac, 'text')).to.equal(false);
    for (const [text, given] of [
      ['texts', mac],
      ['text', mac.slice(1)],
      ['text', ''],
      ['text', `${mac.slice(0, -1)}ä`],
    ] as const)
      expect(isSignedBy(message, 'fact', 'auth', given, text)).to.equal(false);
  });

  it('every instance talks to every other in each step of a rotation', () => {
    const next = { ...firstKeys, auth: randomKey() };
    const added: [string, string][] = [['auth', publicKeyOf(next.auth)]];
    const old: [string, string][] = [['auth', publicKeyOf(firstKeys.auth)]];
    const previous = { SERVICE_KEY_PREVIOUS: firstKeys.auth };
    const inUse = { SERVICE_KEY: next.auth, ...previous };
    // Each step is rolled out to auth and message, in any order.
    const steps: [Keys, Keys][] = [
      [keysOf('auth'), keysOf('message')],
      [keysOf('auth', {}, firstKeys, added), keysOf('message', {}, firstKeys, added)],
      [keysOf('auth', inUse, firstKeys, added), keysOf('message', {}, firstKeys, added)],
      [keysOf('auth', inUse, next, old), keysOf('message', {}, next, old)],
      [keysOf('auth', {}, next), keysOf('message', {}, next)],
    ];
    for (const [i, [auth, message]] of steps.slice(1).entries()) {
      const [authBefore, messageBefore] = steps[i] as [Keys, Keys];
      expect(talk(auth, message), `step ${i + 1}`).to.equal(true);
      expect(talk(auth, messageBefore), `step ${i + 1}, message before`).to.equal(true);
      expect(talk(authBefore, message), `step ${i + 1}, auth before`).to.equal(true);
      expect(talk(auth, authBefore), `step ${i + 1}, two instances`).to.equal(true);
    }
    expect(talk(steps[0]?.[0] as Keys, steps[4]?.[1] as Keys), 'the old key is worthless then').to.equal(false);
  });

  it('with INTERNAL_SECRET_KEY, processes of the release before are understood and understand', () => {
    const secret = 'only-of-this-test-0123456789-abcdefgh';
    const [young, strict] = [keysOf('message', { INTERNAL_SECRET_KEY: secret }), keysOf('message')];
    const headers = identityHeaders(
      keysOf('admin', { INTERNAL_SECRET_KEY: secret }),
      'message',
      serviceIdentity('admin'),
    );
    const legacy = { 'x-chatapi-identity': headers['x-chatapi-identity'] };
    expect(legacy['x-chatapi-identity']).to.be.a('string');
    expect(verifyIdentity(young, legacy)).to.include({ service: 'admin' });
    expect(verifyIdentity(strict, headers)).to.include({ service: 'admin' });
    expect(() => verifyIdentity(strict, legacy)).to.throw('No identity was passed');
    const forged = { ...legacy, 'x-chatapi-caller': 'x' };
    expect(() => verifyIdentity(young, forged), 'the new form counts if there is one').to.throw('not valid');
    expect(identityHeaders(strict, 'admin', serviceIdentity('message'))).to.have.all.keys('x-chatapi-caller');
  });

  it('are refused when they are no keys, miss a service, or do not belong together', () => {
    const schema = Joi.object(serviceKeySettings());
    const list = (names: readonly string[]): string =>
      names.map((name) => `${name}=${publicKeyOf(firstKeys.auth)}`).join(',');
    const check = (SERVICE_KEY: string, SERVICE_PUBLIC_KEYS: string): string | undefined =>
      schema.validate({ SERVICE_KEY, SERVICE_PUBLIC_KEYS }).error?.message;
    expect(check(firstKeys.auth, list([...SERVICES, 'of-a-newer-version']))).to.equal(undefined);
    expect(check(firstKeys.auth, `${list(SERVICES)}\n`)).to.equal(undefined);
    expect(check('short', list(SERVICES)))
      .to.include('SERVICE_KEY')
      .and.include('32 random bytes');
    expect(check('A'.repeat(44), list(SERVICES))).to.include('SERVICE_KEY');
    expect(check(firstKeys.auth, list(SERVICES.slice(1)))).to.include('no key of api-gateway');
    expect(check(firstKeys.auth, `${list(SERVICES)},auth=x`)).to.include('no valid X25519 key for auth');
    expect(() => keysOf('auth', { SERVICE_KEY: randomKey() })).to.throw('no key of auth');
  });
});
