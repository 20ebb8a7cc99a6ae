import { type AccessClaims, type Person, verifyIdentity } from '@chatapi/kit/auth';
import { silentSink, testKeys } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { type CallerGate, callerOf, createIdentitySigner, identify, type RequestCaller } from '../src/caller.ts';

const keys = testKeys('api-gateway');
const caller = (i: number, role: 'user' | 'admin' = 'user'): RequestCaller => ({
  token: `token ${i}`,
  claims: { user_id: `usr_${i}`, session_id: 'ses_1', role, issued_at: 0, expires_at: 0 },
});

describe('signed identity of a caller', () => {
  it('is reused for the same caller, and signed again for another service, role, address or user agent', () => {
    const sign = createIdentitySigner(keys);
    const first = sign('user', caller(1), '192.0.2.1', 'mocha');
    expect(sign('user', caller(1), '192.0.2.1', 'mocha')).to.equal(first);
    for (const other of [
      sign('user', caller(1, 'admin'), '192.0.2.1', 'mocha'),
      sign('user', caller(1), '192.0.2.2', 'mocha'),
      sign('user', caller(1), '192.0.2.2', undefined),
      sign('message', caller(1), '192.0.2.1', 'mocha'),
      sign('user', {}, '192.0.2.1', 'mocha'),
    ])
      expect(other).to.not.equal(first);
  });

  it('is signed again when the external id of X-Act-As is now that of another person', () => {
    const sign = createIdentitySigner(keys);
    const actingAs = (i: number): RequestCaller => ({ ...caller(i), token: 'cak_1 ext:ann' });
    sign('user', actingAs(1), '192.0.2.1', 'mocha');
    const second = sign('user', actingAs(2), '192.0.2.1', 'mocha');
    expect(verifyIdentity(testKeys('user'), second)).to.include({ user_id: 'usr_2' });
  });

  it('stays correct when there are more callers than cache entries', function () {
    this.timeout(30_000);
    const sign = createIdentitySigner(keys);
    for (let i = 0; i <= 20_001; i++) sign('user', caller(i), '192.0.2.1', 'mocha');
    for (const i of [0, 20_001])
      expect(verifyIdentity(testKeys('user'), sign('user', caller(i), '192.0.2.1', 'mocha'))).to.include({
        user_id: `usr_${i}`,
      });
  });
});

describe('what services learn of a caller', () => {
  it('has the scopes, the key and the rooms of one that is limited, and none of a person', () => {
    const from = { ip: '192.0.2.1', user_agent: 'mocha' };
    const { claims } = caller(1);
    const limits = { scopes: ['rooms:read'] as const, key_id: 'key_1', rooms: ['general'] };
    expect(callerOf({ ...(claims as AccessClaims), ...limits }, from)).to.deep.include({ kind: 'user', ...limits });
    expect(callerOf(claims as AccessClaims, from)).to.not.have.any.keys('scopes', 'key_id', 'rooms');
  });
});

describe('X-Act-As', () => {
  const key: AccessClaims = {
    user_id: 'key_1',
    session_id: 'key_1',
    role: 'user',
    issued_at: 0,
    expires_at: Number.MAX_SAFE_INTEGER,
    kind: 'key',
    scopes: ['act_as', 'users:read'],
  };
  /** Auth knows one person. */
  const gateOf = (person?: Person): CallerGate => ({
    ...silentSink(),
    verifier: { verify: async () => ({ ...key, kind: undefined, scopes: undefined }) },
    revocations: { admit: (claims) => claims },
    credentials: { verify: async () => key, forget: () => undefined, person: async () => person },
  });
  const ask = (value: string, person?: Person, token = 'cak_1') =>
    identify(
      gateOf(person),
      { authorization: `Bearer ${token}`, 'x-act-as': value },
      { ip: '192.0.2.1', request_id: 'r' },
    );
  const person: Person = { user_id: 'usr_1', role: 'user', status: 'active', as_of: '2026-01-01T00:00:00.000Z' };

  it('that fails counts for the key, not for the address', async () => {
    for (const failed of [await ask('usr_none'), await ask('usr_1', { ...person, status: 'deactivated' })]) {
      expect(failed.claims).to.equal(undefined);
      expect(failed.key).to.equal(key);
    }
    expect((await ask('usr_1', person, 'eyJ')).key).to.equal(undefined);
  });

  it('is refused without asking auth when it holds NUL, nothing, or no UTF-8', async () => {
    for (const value of ['ext:', 'ext:%00', 'ext:a%00b', 'ext:%ff', ''])
      expect((await ask(value, person)).failure, value).to.include({ code: 'VALIDATION_ERROR' });
  });

  it('leaves a bot a bot, which manages no bots', async () => {
    expect((await ask('usr_1', { ...person, kind: 'bot' })).claims).to.include({ kind: 'bot', key_id: 'key_1' });
    expect((await ask('usr_1', { ...person, kind: 'user' })).claims).to.not.have.property('kind');
  });
});
