import { expect } from 'chai';
import { addressKey } from '../src/auth/address-key.ts';

describe('rate limits per address', () => {
  it('count IPv6 clients by /64', () => {
    expect(addressKey('2001:db8:1:2:3::4')).to.equal(addressKey('2001:db8:1:2:ffff::1'));
    expect(addressKey('2001:db8:1:2::1')).not.to.equal(addressKey('2001:db8:1:3::1'));
    for (const ip of ['192.0.2.1', '::ffff:192.0.2.1', '::ffff:c000:201']) expect(addressKey(ip)).to.equal('192.0.2.1');
    expect(addressKey('fe80::1%eth0')).to.equal('fe80::/64');
    for (const other of ['', 'unix', 'nowhere:']) expect(addressKey(other)).to.equal(other);
  });
});
