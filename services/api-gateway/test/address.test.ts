import type { IncomingMessage } from 'node:http';
import { expect } from 'chai';
import { budgetOf, openAddresses, parseNetwork } from '../src/address.ts';

const from = (trusted: string[], remoteAddress: string, headers: Record<string, string> = {}) =>
  openAddresses(trusted)({
    socket: { remoteAddress },
    headers: { host: 'h', ...headers },
  } as unknown as IncomingMessage);

describe('the address of a client', () => {
  it('is the peer’s, whatever it says, when no proxy was named', () => {
    expect(from([], '203.0.113.5', { 'x-forwarded-for': '1.1.1.1', 'x-forwarded-proto': 'https' })).to.deep.equal({
      ip: '203.0.113.5',
      secure: false,
      host: 'h',
    });
    expect(from(['10.0.0.0/8'], '203.0.113.5', { 'x-forwarded-for': '1.1.1.1' }).ip).to.equal('203.0.113.5');
  });

  it('is the last that no proxy of ours is, read from the right', () => {
    const trusted = ['10.0.0.0/8', '2001:db8::/32'];
    expect(from(trusted, '10.0.0.1', { 'x-forwarded-for': '6.6.6.6, 1.2.3.4, 10.9.9.9' }).ip).to.equal('1.2.3.4');
    expect(from(trusted, '::ffff:10.0.0.1', { 'x-forwarded-for': '::ffff:1.2.3.4' }).ip).to.equal('1.2.3.4');
    expect(from(trusted, '2001:db8::7', { 'x-forwarded-for': '10.1.1.1' }).ip).to.equal('10.1.1.1');
    expect(from(trusted, '10.0.0.1', { 'x-forwarded-for': '6.6.6.6, garbage' }).ip).to.equal('10.0.0.1');
    expect(from(trusted, '10.0.0.1').ip).to.equal('10.0.0.1');
  });

  it('is judged anew when more peers have come than are remembered', () => {
    const originOf = openAddresses(['10.0.0.0/8']);
    for (let i = 0; i < 2500; i++) {
      const peer = `${i % 2 ? '10' : '11'}.0.${i >> 8}.${i & 255}`;
      const req = { socket: { remoteAddress: peer }, headers: { 'x-forwarded-for': '1.2.3.4' } };
      expect(originOf(req as unknown as IncomingMessage).ip).to.equal(i % 2 ? '1.2.3.4' : peer);
    }
  });

  it('of a peer that is gone already is empty', () => {
    const gone = { socket: {}, headers: {} } as unknown as IncomingMessage;
    expect(openAddresses(['10.0.0.0/8'])(gone)).to.deep.equal({ ip: '', secure: false, host: '' });
  });

  it('takes scheme and host from a proxy of ours', () => {
    const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'api.example' };
    expect(from(['10.0.0.1'], '10.0.0.1', headers)).to.include({ secure: true, host: 'api.example' });
  });

  it('counts an IPv6 user by the /64', () => {
    expect(budgetOf('2001:db8:1:2:3::4')).to.equal(budgetOf('2001:db8:1:2:ffff::1'));
    expect(budgetOf('2001:db8:1:2::1')).not.to.equal(budgetOf('2001:db8:1:3::1'));
    expect(budgetOf('192.0.2.1')).to.equal('192.0.2.1');
  });

  it('names what is no network', () => {
    for (const text of ['', 'x', '10.0.0.0/33', '10.0.0', '::1/200'])
      expect(parseNetwork(text), text).to.equal(undefined);
    for (const text of ['10.0.0.0/8', '::1', 'fd00::/8', '127.0.0.1'])
      expect(parseNetwork(text), text).not.to.equal(undefined);
  });
});
