import { expect } from 'chai';
import jwt from 'jsonwebtoken';
import { createServiceKeys, publicKeyOf, SERVICES, type ServiceName } from '../src/auth/service-keys.ts';
import { IDENTITY_HEADER, identityHeaders, verifyIdentity } from '../src/auth/signed-identity.ts';
import { newId, requestIdFrom } from '../src/ids.ts';
import { keySettings, serviceIdentity, testKeys } from '../src/testing/identities.ts';

const gateway = testKeys('api-gateway');
const message = testKeys('message');
const caller = { kind: 'user', user_id: 'usr_1', session_id: 'ses_1', role: 'user', ip: '10.0.0.1' } as const;
const toMessage = (identity: object, from: ServiceName = 'api-gateway', expiresIn = 60): string =>
  jwt.sign({ iss: from, ...identity }, testKeys(from).signing('identity', 'message'), {
    audience: 'message',
    expiresIn,
  });
const opened = (signed: unknown, keys = message) => verifyIdentity(keys, { [IDENTITY_HEADER]: signed as string });
const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return 'none';
};

describe('identity', () => {
  it('is verified by the service for which it was signed, and by no other', () => {
    const headers = identityHeaders(gateway, 'message', caller);
    expect(verifyIdentity(message, headers)).to.include(caller);
    for (const other of SERVICES.filter((name) => name !== 'message'))
      expect(
        codeOf(() => verifyIdentity(testKeys(other), headers)),
        other,
      ).to.equal('AUTHENTICATION_ERROR');
  });

  it('is refused when missing, foreign, tampered with, unsigned or expired', () => {
    const [header, , signature] = toMessage(caller).split('.');
    const admin = Buffer.from(
      JSON.stringify({ ...caller, role: 'admin', iss: 'api-gateway', aud: 'message' }),
    ).toString('base64url');
    const key = gateway.signing('identity', 'message');
    const attacks = [
      undefined,
      ['a', 'b'],
      'x',
      `${header}.${admin}.${signature}`,
      jwt.sign({ ...caller, iss: 'api-gateway', aud: 'message' }, '', { algorithm: 'none' }),
      jwt.sign({ ...caller, iss: 'api-gateway', iat: Math.floor(Date.now() / 1000) - 120 }, key, {
        audience: 'message',
        expiresIn: 600,
      }),
      jwt.sign({ ...caller, iss: 'api-gateway' }, key, { audience: 'auth', expiresIn: 60 }),
      jwt.sign({ ...caller, iss: 'file' }, key, { audience: 'message', expiresIn: 60 }),
      jwt.sign({ ...caller, iss: 'nobody' }, key, { audience: 'message', expiresIn: 60 }),
      jwt.sign({ ...caller, iss: 'api-gateway' }, gateway.signing('fact', 'message'), { audience: 'message' }),
    ];
    for (const attack of attacks) expect(codeOf(() => opened(attack))).to.equal('AUTHENTICATION_ERROR');
  });

  it('of a user is refused unless the API gateway signed it; a service can name only itself', () => {
    for (const from of SERVICES.filter((name) => name !== 'api-gateway'))
      for (const identity of [caller, { kind: 'anonymous', ip: '10.0.0.1' }, serviceIdentity('api-gateway')])
        expect(
          codeOf(() => opened(toMessage(identity, from))),
          from,
        ).to.equal('AUTHORIZATION_ERROR');
    expect(codeOf(() => opened(toMessage(serviceIdentity('admin'))))).to.equal('AUTHORIZATION_ERROR');
    expect(opened(toMessage(serviceIdentity('admin'), 'admin'))).to.include({ service: 'admin' });
  });

  it('of a kind that this version does not know may call nothing', () => {
    for (const later of [
      { ...caller, kind: 'guest' },
      { kind: 'device', ip: '10.0.0.1' },
    ])
      expect(codeOf(() => opened(toMessage(later)))).to.equal('AUTHORIZATION_ERROR');
  });

  it('is cached, for a bounded number of identities', () => {
    const own = createServiceKeys('message', {
      ...keySettings('message'),
      SERVICE_PUBLIC_KEYS: SERVICES.map((name) => [name, publicKeyOf(keySettings(name).SERVICE_KEY)]),
    });
    const seals = Array.from({ length: 6000 }, (_, i) => toMessage({ ...caller, user_id: `usr_${i}` }));
    const first = opened(seals[0], own);
    expect(opened(seals[0], own)).to.equal(first);
    for (const [i, seal] of seals.entries()) expect(opened(seal, own)).to.include({ user_id: `usr_${i}` });
    expect(opened(seals[0], own)).not.to.equal(first);
  }).timeout(20_000);

  for (const [who, from] of [
    [serviceIdentity('admin'), 'admin'],
    [caller, 'api-gateway'],
  ] as const)
    it(`of a ${who.kind} is cached only until it expires, and per service`, async () => {
      const short = toMessage(who, from, 1);
      for (let i = 0; i < 3; i++) expect(opened(short)).to.include(who);
      expect(codeOf(() => opened(short, testKeys('file')))).to.equal('AUTHENTICATION_ERROR');
      await new Promise((resolve) => setTimeout(resolve, 2100));
      expect(codeOf(() => opened(short))).to.equal('AUTHENTICATION_ERROR');
    });

  it('is frozen, so that no caller can change the cached one', () => {
    const seal = toMessage(caller);
    expect(() => Object.assign(opened(seal), { role: 'admin' })).to.throw(TypeError);
    expect(opened(seal)).to.include(caller);
  });
});

describe('ids', () => {
  it('sort by creation time and start with their kind', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 20; i++) {
      ids.push(newId('msg'));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    expect([...ids].sort()).to.deep.equal(ids);
    expect(ids[0]).to.match(/^msg_[0-9a-f]{32}$/);
  });

  it('keeps a well-formed request id and replaces any other', () => {
    expect(requestIdFrom('client-id.1_x')).to.equal('client-id.1_x');
    for (const bad of [undefined, 'abc', 'x'.repeat(129), 'a b c d', 'a\nbcd', ['abcd', 'efgh']]) {
      expect(requestIdFrom(bad)).to.match(/^req_/);
    }
  });
});
