import { expect } from 'chai';
import { networkOf } from '../src/auth/network.ts';

describe('the network of an address', () => {
  const cases: [string, string][] = [
    ['192.0.2.77', '192.0.2.0/24'],
    ['::ffff:192.0.2.77', '192.0.2.0/24'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1::/48'],
    ['2001:DB8:1:ffff::1', '2001:db8:1::/48'],
    ['fe80::1%eth0', 'fe80::/48'],
    ['', ''],
    ['unknown', 'unknown'],
  ];
  for (const [ip, network] of cases)
    it(`of ${ip || 'nothing'} is ${network || 'nothing'}`, () => {
      expect(networkOf(ip)).to.equal(network);
    });
});
