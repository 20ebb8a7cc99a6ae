import { identityKey, openIdentity } from '@chatapi/kit';
import { expect } from 'chai';
import { openSeals, type WhoCalls } from '../src/caller.ts';

const key = identityKey('a-secret-for-this-test-of-32-bytes');
const who = (i: number, role: 'user' | 'admin' = 'user'): WhoCalls => ({
  token: `token ${i}`,
  claims: { user_id: `usr_${i}`, session_id: 'ses_1', role, issued_at: 0, expires_at: 0 },
});

describe('the seal of a caller', () => {
  it('is made once for the same caller, and anew for another role, address or agent', () => {
    const seal = openSeals(key);
    const first = seal(who(1), '192.0.2.1', 'mocha');
    expect(seal(who(1), '192.0.2.1', 'mocha')).to.equal(first);
    for (const other of [
      seal(who(1, 'admin'), '192.0.2.1', 'mocha'),
      seal(who(1), '192.0.2.2', 'mocha'),
      seal(who(1), '192.0.2.2', undefined),
      seal({}, '192.0.2.1', 'mocha'),
    ])
      expect(other).to.not.equal(first);
  });

  it('says who it is also when more have come than are remembered', function () {
    this.timeout(30_000);
    const seal = openSeals(key);
    for (let i = 0; i <= 20_001; i++) seal(who(i), '192.0.2.1', 'mocha');
    for (const i of [0, 20_001])
      expect(openIdentity(key, seal(who(i), '192.0.2.1', 'mocha'))).to.include({ user_id: `usr_${i}` });
  });
});
