// Which URLs of others are refused, and which are not.
import dns from 'node:dns';
import { expect } from 'chai';
import Joi from 'joi';
import { createEgress, type Egress, EgressFailure, egressSettings } from '../src/egress/index.ts';
import { startDnsServer } from '../src/testing/index.ts';
import { thrownBy } from './thrown.ts';

const LOOPBACK = ['127.0.0.0/8', '::1'];
/** Globally reachable, and nobody connects to it: such URLs are only judged here. */
const PUBLIC = ['93.184.216.34', '2606:2800:220:1:248:1893:25c8:1946'];

const NAMES: Record<string, string[]> = {
  'public.test': PUBLIC,
  'loopback.test': ['127.0.0.1'],
  'loopback6.test': ['::1'],
  'mapped.test': ['::ffff:10.0.0.1'],
  'mixed.test': ['93.184.216.34', '10.0.0.1'],
  'metadata.test': ['169.254.169.254'],
};

const resolve = async (name: string): Promise<string[]> => {
  const found = NAMES[name];
  if (found === undefined) throw new Error('ENOTFOUND');
  return found;
};
const reasonOf = async (work: Promise<unknown>): Promise<unknown> => {
  const { code, details } = await thrownBy(work);
  return [code, details.reason];
};

const PRIVATE = [
  ...['127.0.0.1', '127.255.255.254', '10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1', '169.254.169.254'],
  ...['100.64.0.1', '100.100.100.200', '0.0.0.0', '0.1.2.3', '192.0.0.192', '192.0.2.1', '198.51.100.7', '203.0.113.9'],
  ...['198.18.0.1', '198.19.255.255', '224.0.0.1', '239.1.1.1', '240.0.0.1', '255.255.255.255', '168.63.129.16'],
  // One address in other spellings.
  ...['2130706433', '0x7f000001', '017700000001', '0x7f.1', '0177.0.0.1', '127.1', '127.0.1', '0', '127.0.0.1.'],
  ...['１２７.０.０.１', '①②⑦.0.0.1', '127。0。0。1', '%31%32%37.0.0.1', '10.0x1', '3232235777', '0xA9FEA9FE'],
  ...['[::]', '[::1]', '[0:0:0:0:0:0:0:1]', '[fe80::1]', '[fc00::1]', '[fd00:ec2::254]', '[fec0::1]', '[ff02::1]'],
  ...['[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::ffff:a9fe:a9fe]', '[::127.0.0.1]', '[::ffff:0:127.0.0.1]'],
  ...['[64:ff9b::127.0.0.1]', '[64:ff9b::a9fe:a9fe]', '[64:ff9b:1::1]', '[2002:7f00:1::]', '[2002:c0a8:101::1]'],
  ...['[2002:5db8:d822::1]', '[2001:0:4136:e378:8000:63bf:3fff:fdd2]', '[2001:db8::1]', '[3fff::1]', '[2001:2::1]'],
  ...['[100::1]', '[5f00::1]', '[2001:10::1]', '[4000::1]'],
  ...['localhost', 'LOCALHOST', 'localhost.', 'a.localhost', 'loopback.test', 'loopback6.test'],
  ...['mapped.test', 'mixed.test', 'metadata.test'],
];

const NO_URL = [
  ...['ftp://public.test/', 'file:///etc/passwd', 'gopher://127.0.0.1:6379/_INFO', 'javascript:alert(1)', 'data:,x'],
  ...['unix:/run/docker.sock', '//public.test/', '/etc/passwd', '', 'http://', 'http:///', 'http://[fe80::1%25eth0]/'],
  ...['http://[::1', 'http://1.2.3.4.5/', 'http://256.1.1.1/', 'http://public.test:99999/', 'http://pub lic.test/'],
  ...['http://user@public.test/', 'http://user:secret@public.test/', 'https://:secret@public.test/'],
  ...['http://127.0.0.1@public.test/', `http://public.test/${'a'.repeat(2048)}`],
];

describe('requests to URLs that others chose', () => {
  let strict: Egress;
  let egress: Egress;
  before(() => {
    strict = createEgress([], resolve);
    egress = createEgress(LOOPBACK, resolve);
  });
  after(() => {
    strict.close();
    egress.close();
  });

  for (const host of PRIVATE)
    it(`never reach ${host}`, async () => {
      const url = `http://${host}:81/x`;
      const refused = ['VALIDATION_ERROR', 'address_not_allowed'];
      expect(await reasonOf(strict.check(url, 'jwks_url'))).to.deep.equal(refused);
      expect(await reasonOf(strict.fetch({ url, timeoutMs: 1000 }))).to.deep.equal(refused);
    });

  for (const url of NO_URL)
    it(`are refused for ${JSON.stringify(url.slice(0, 60))}`, async () => {
      const refused = ['VALIDATION_ERROR', 'url_not_allowed'];
      expect(await reasonOf(egress.check(url, 'url'))).to.deep.equal(refused);
      expect(await reasonOf(egress.fetch({ url, timeoutMs: 1000 }))).to.deep.equal(refused);
    });

  it('may go to addresses that everybody can reach, and to names that have none yet', async () => {
    for (const host of [
      'public.test',
      '93.184.216.34',
      '[2606:2800:220:1::1]',
      '[64:ff9b::8.8.8.8]',
      '[::ffff:8.8.8.8]',
    ])
      await strict.check(`https://${host}/keys?a=b#c`, 'url');
    await strict.check('https://not-yet.test/', 'url');
    expect(await thrownBy(strict.fetch({ url: 'https://not-yet.test/', timeoutMs: 1000 }))).to.be.instanceOf(
      EgressFailure,
    );
  });

  it('name the field in the refusal', async () => {
    const { message, details } = await thrownBy(strict.check('http://10.0.0.1/', 'jwks_url'));
    expect(message).to.equal('jwks_url leads to an address that is not allowed');
    expect(details.fields).to.deep.equal([{ path: 'jwks_url', message }]);
  });

  it('reach the ranges of EGRESS_ALLOW and nothing beside them, in any spelling', async () => {
    const some = createEgress(['10.20.0.0/16', 'fd12::/16', '192.168.7.7'], resolve);
    for (const host of ['10.20.255.1', '[::ffff:10.20.0.1]', '[fd12:ffff::1]', '192.168.7.7', '3232237319'])
      await some.check(`http://${host}/`, 'url');
    for (const host of ['10.21.0.1', '[fd13::1]', '192.168.7.8', '127.0.0.1', 'mixed.test'])
      expect(await reasonOf(some.check(`http://${host}/`, 'url')), host).to.include('address_not_allowed');
    some.close();
  });

  it('have a setting that is checked at start', () => {
    const schema = Joi.object(egressSettings());
    const read = (EGRESS_ALLOW: string) => schema.validate({ EGRESS_ALLOW });
    expect(read('127.0.0.0/8, ::1/128,10.0.0.1').value.EGRESS_ALLOW).to.have.length(3);
    for (const bad of ['10.0.0.0/33', 'localhost', '10.0.0/8x', '*', 'fd00::/129'])
      expect(String(read(bad).error), bad).to.include('expected an address range');
    expect(schema.validate({}).value.EGRESS_ALLOW).to.deep.equal([]);
  });

  it('ask the DNS servers of the settings, and never about localhost', async () => {
    const server = await startDnsServer(new Map([['hooks.test', ['10.0.0.9']]]));
    const before = dns.getServers();
    dns.setServers([server.address]);
    const own = createEgress([]);
    dns.setServers(before);
    expect(await reasonOf(own.check('https://hooks.test/', 'url'))).to.include('address_not_allowed');
    await own.check('https://missing.test/', 'url');
    const { questions } = server;
    expect(questions).to.be.above(1);
    expect(await reasonOf(own.check('https://api.localhost/', 'url'))).to.include('address_not_allowed');
    expect(server.questions).to.equal(questions);
    own.close();
    await server.stop();
  });
});
