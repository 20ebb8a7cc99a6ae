import dns from 'node:dns';
import { expect } from 'chai';
import { createInstances } from '../src/rpc/instances.ts';
import { type DnsServer, startDnsServer } from '../src/testing/dns-server.ts';
import { eventually } from '../src/testing/eventually.ts';

describe('instances of a service', () => {
  const before = dns.getServers();
  let server: DnsServer;
  beforeEach(async () => {
    server = await startDnsServer();
    dns.setServers([server.address]);
  });
  afterEach(async () => {
    dns.setServers(before);
    await server.stop();
  });

  it('are the given URLs, or all addresses of a name; both forms mix', async () => {
    expect(createInstances(['http://b:1', 'http://a:1']).current()).to.deep.equal(['http://b:1', 'http://a:1']);
    server.records.set('message.test', ['10.0.0.2', '10.0.0.1']);
    const { current } = createInstances(['dns+http://message.test:9003', 'http://a:1']);
    await eventually(() =>
      expect(current()).to.deep.equal(['http://10.0.0.1:9003', 'http://10.0.0.2:9003', 'http://a:1']),
    );
    expect(current()).to.equal(current());
  });

  it('count once in a network with both families, and are IPv6 where there is no IPv4', async () => {
    server.records.set('both.test', ['10.0.0.1', 'fd00::1']);
    server.records.set('six.test', ['fd00::2']);
    const { current } = createInstances(['dns+http://both.test:80', 'dns+http://six.test:81']);
    await eventually(() => expect(current()).to.deep.equal(['http://10.0.0.1:80', 'http://[fd00::2]:81']));
  });

  it('change within 2 s, at once after a broken connection, and stay when DNS has no answer', async () => {
    server.records.set('message.test', ['10.0.0.1']);
    const instances = createInstances(['dns+http://message.test:80']);
    await eventually(() => expect(instances.current()).to.have.length(1));
    server.records.set('message.test', ['10.0.0.1', '10.0.0.2']);
    const asked = server.questions;
    for (let i = 0; i < 100; i++) instances.refresh();
    await eventually(() => expect(instances.current()).to.have.length(2), 1000);
    expect(server.questions - asked).to.be.at.most(2);
    server.records.set('message.test', ['10.0.0.3']);
    await eventually(() => expect(instances.current()).to.deep.equal(['http://10.0.0.3:80']), 4000);
    server.records.delete('message.test');
    instances.refresh();
    await eventually(() => expect(server.questions - asked).to.be.at.least(5), 4000);
    expect(instances.current()).to.deep.equal(['http://10.0.0.3:80']);
  }).timeout(15_000);
});
