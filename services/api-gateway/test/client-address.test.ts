import type { IncomingMessage } from 'node:http';
import { expect } from 'chai';
import { createClientAddressReader, parseNetwork } from '../src/client-address.ts';

const from = (trusted: string[], remoteAddress: string, headers: Record<string, string> = {}) =>
  createClientAddressReader(trusted)({
    socket: { remoteAddress },
    headers: { host: 'h', ...headers },
  } as unknown as IncomingMessage);

describe('client address', () => {
  it('is the peer’s address when the peer is no trusted proxy, whatever headers it sends', () => {
    expect(from([], '203.0.113.5', { 'x-forwarded-for': '1.1.1.1', 'x-forwarded-proto': 'https' })).to.deep.equal({
      ip: '203.0.113.5',
      secure: false,
      host: 'h',
    });
    expect(from(['10.0.0.0/8'], '203.0.113.5', { 'x-forwarded-for': '1.1.1.1' }).ip).to.equal('203.0.113.5');
  });

  it('is the last entry of X-Forwarded-For that is no trusted proxy', () => {
    const trusted = ['10.0.0.0/8', '2001:db8::/32'];
    expect(from(trusted, '10.0.0.1', { 'x-forwarded-for': '6.6.6.6, 1.2.3.4, 10.9.9.9' }).ip).to.equal('1.2.3.4');
    expect(from(trusted, '::ffff:10.0.0.1', { 'x-forwarded-for': '::ffff:1.2.3.4' }).ip).to.equal('1.2.3.4');
    expect(from(trusted, '2001:db8::7', { 'x-forwarded-for': '10.1.1.1' }).ip).to.equal('10.1.1.1');
    expect(from(trusted, '10.0.0.1', { 'x-forwarded-for': '6.6.6.6, garbage' }).ip).to.equal('10.0.0.1');
    expect(from(trusted, '10.0.0.1').ip).to.equal('10.0.0.1');
  });

  it('stays correct when there are more peers than cache entries', () => {
    const originOf = createClientAddressReader(['10.0.0.0/8']);
    for (let i = 0; i < 2500; i++) {
      const peer = `${i % 2 ? '10' : '11'}.0.${i >> 8}.${i & 255}`;
      const req = { socket: { remoteAddress: peer }, headers: { 'x-forwarded-for': '1.2.3.4' } };
      expect(originOf(req as unknown as IncomingMessage).ip).to.equal(i % 2 ? '1.2.3.4' : peer);
    }
  });

  it('is empty for a peer that has disconnected', () => {
    const gone = { socket: {}, headers: {} } as unknown as IncomingMessage;
    expect(createClientAddressReader(['10.0.0.0/8'])(gone)).to.deep.equal({ ip: '', secure: false, host: '' });
  });

  it('comes with the scheme and host that a trusted proxy forwards', () => {
    const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'api.example' };
    expect(from(['10.0.0.1'], '10.0.0.1', headers)).to.include({ secure: true, host: 'api.example' });
  });

  it('parses addresses and networks, and nothing else', () => {
    for (const text of ['', 'x', '10.0.0.0/33', '10.0.0', '::1/200'])
      expect(parseNetwork(text), text).to.equal(undefined);
    for (const text of ['10.0.0.0/8', '::1', 'fd00::/8', '127.0.0.1'])
      expect(parseNetwork(text), text).not.to.equal(undefined);
  });
});
