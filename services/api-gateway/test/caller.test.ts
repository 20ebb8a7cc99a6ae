import { verifyIdentity } from '@chatapi/kit/auth';
import { testKeys } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { createIdentitySigner, type RequestCaller } from '../src/caller.ts';

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
