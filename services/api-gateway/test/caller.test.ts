import { identityKey, verifyIdentity } from '@chatapi/kit/auth';
import { expect } from 'chai';
import { createIdentitySigner, type RequestCaller } from '../src/caller.ts';

const key = identityKey('a-secret-for-this-test-of-32-bytes');
const caller = (i: number, role: 'user' | 'admin' = 'user'): RequestCaller => ({
  token: `token ${i}`,
  claims: { user_id: `usr_${i}`, session_id: 'ses_1', role, issued_at: 0, expires_at: 0 },
});

describe('signed identity of a caller', () => {
  it('is reused for the same caller, and signed again for another role, address or user agent', () => {
    const sign = createIdentitySigner(key);
    const first = sign(caller(1), '192.0.2.1', 'mocha');
    expect(sign(caller(1), '192.0.2.1', 'mocha')).to.equal(first);
    for (const other of [
      sign(caller(1, 'admin'), '192.0.2.1', 'mocha'),
      sign(caller(1), '192.0.2.2', 'mocha'),
      sign(caller(1), '192.0.2.2', undefined),
      sign({}, '192.0.2.1', 'mocha'),
    ])
      expect(other).to.not.equal(first);
  });

  it('stays correct when there are more callers than cache entries', function () {
    this.timeout(30_000);
    const sign = createIdentitySigner(key);
    for (let i = 0; i <= 20_001; i++) sign(caller(i), '192.0.2.1', 'mocha');
    for (const i of [0, 20_001])
      expect(verifyIdentity(key, sign(caller(i), '192.0.2.1', 'mocha'))).to.include({ user_id: `usr_${i}` });
  });
});
