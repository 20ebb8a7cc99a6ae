import { request } from 'node:http';
import { expect } from 'chai';
import { type Json, loginAdmin, register, rest, unique } from '../support/client.ts';
import { dispose, gatewaysOf, nodesOf, ownCluster, type TestCluster } from '../support/cluster.ts';
import { expectError } from '../support/expects.ts';
import { closeAll, connect, refusedUpgrade, wsUrl } from '../support/socket.ts';

const LIMIT = 40;

describe('rate limits with two gateways', () => {
  let own: TestCluster;
  let urls: string[];
  before(async function () {
    this.timeout(60_000);
    own = await ownCluster({
      GATEWAY_INSTANCES: '2',
      RATE_LIMIT_REQUESTS: String(LIMIT),
      RATE_LIMIT_WINDOW: '3600',
      RATE_LIMIT_UPLOADS: '2',
      RATE_LIMIT_WS_MESSAGES: '5',
      RATE_LIMIT_UPGRADES: '8',
      RATE_LIMIT_LOGIN: '5',
      RATE_LIMIT_LOGIN_ADDRESS: '12',
      RATE_LIMIT_REGISTRATIONS: '15',
      // The gateways see the address that the test gives, as behind a proxy.
      TRUSTED_PROXIES: '127.0.0.1',
    });
    urls = gatewaysOf(own);
  });
  after(async function () {
    this.timeout(20_000);
    await dispose(own);
  });
  afterEach(closeAll);

  const at = (i: number): string => urls[i % urls.length] as string;
  const login = (username_or_email: string, password: string, ip: string, url = at(0)) =>
    rest(undefined, url).post('/users/login', { username_or_email, password }).set('X-Forwarded-For', ip);

  it('count a user’s requests exactly over both gateways and all sessions', async () => {
    const ann = await register('ann', at(0));
    const phone = (await login(ann.username, ann.password, '10.1.1.1').expect(200)).body;
    const tokens = [ann.token, phone.access_token];
    const answers = await Promise.all(
      Array.from({ length: LIMIT + 15 }, (_, i) =>
        rest({ token: tokens[i % 2] as string }, at(i >> 1)).get(i % 5 ? '/users/me' : '/rooms/no-room'),
      ),
    );
    const taken = answers.filter(({ status }) => status !== 429);
    expect(taken).to.have.length(LIMIT);
    expect(new Set(taken.map(({ headers }) => headers['x-ratelimit-remaining'])).size).to.equal(LIMIT);
    const over = answers.find(({ status }) => status === 429) as Json;
    expectError(over, 429, 'RATE_LIMIT_EXCEEDED');
    expect(over.headers).to.include({ 'x-ratelimit-limit': String(LIMIT), 'x-ratelimit-remaining': '0' });
    expect(Number(over.headers['retry-after'])).to.be.within(1, 3600);
    expect(Number(over.headers['x-ratelimit-reset'])).to.be.within(Date.now() / 1000, Date.now() / 1000 + 3601);
  });

  it('count anonymous requests per address, health checks not at all', async () => {
    const ask = (ip: string, i: number) => rest(undefined, at(i)).get('/users/me').set('X-Forwarded-For', ip);
    const answers = await Promise.all(Array.from({ length: LIMIT + 5 }, (_, i) => ask('10.2.2.2', i)));
    expect(answers.filter(({ status }) => status === 401)).to.have.length(LIMIT);
    expectError(await ask('10.2.2.3', 0), 401, 'AUTHENTICATION_ERROR');
    for (const { status } of await Promise.all(
      Array.from({ length: LIMIT + 5 }, (_, i) => rest(undefined, at(i)).get('/')),
    ))
      expect(status).to.equal(200);
  });

  it('stop the sixth login from one address, right or wrong, with any name of the account', async () => {
    const bob = await register('bob', at(0));
    const names = [bob.username, bob.email, bob.username.toUpperCase(), bob.email.toUpperCase(), bob.username];
    for (const [i, name] of names.entries())
      expectError(await login(name, 'wrong-copper-meadow', '10.3.3.3', at(i)), 401, 'AUTHENTICATION_ERROR');
    const sixth = await login(bob.username, bob.password, '10.3.3.3', at(1));
    expectError(sixth, 429, 'RATE_LIMIT_EXCEEDED');
    expect(Number(sixth.headers['retry-after'])).to.be.within(1, 900);
    await login(bob.username, bob.password, '10.3.3.4').expect(200);
  });

  it('lock an account after ten failures from anywhere, until an admin unlocks it', async () => {
    const eve = await register('eve', at(0));
    for (const name of [eve.username, 'nobody-here']) {
      for (let i = 0; i < 10; i++)
        expectError(await login(name, 'wrong-copper-meadow', `10.4.${i}.4`, at(i)), 401, 'AUTHENTICATION_ERROR');
      expectError(await login(name, eve.password, '10.4.99.4'), 423, 'ACCOUNT_LOCKED');
    }
    const admin = await loginAdmin(at(0));
    await rest(admin, at(0)).post(`/admin/users/${eve.id}/unlock`).expect(204);
    await login(eve.username, eve.password, '10.4.98.4').expect(200);
  });

  it('count registrations and failed logins of an address over both gateways, with any token', async () => {
    const ann = await register('ann', at(0));
    const from = (n: number): string => `2001:db8:0:77::${n.toString(16)}`;
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        rest(i % 2 ? ann : undefined, at(i >> 1))
          .post('/users/register', { username: unique('many'), email: 'not an address', password: 'x' })
          .set('X-Forwarded-For', from(i)),
      ),
    );
    expect(answers.filter(({ status }) => status === 400)).to.have.length(15);
    expectError(answers.find(({ status }) => status === 429) as Json, 429, 'RATE_LIMIT_EXCEEDED');

    const guesses = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        rest(i % 2 ? ann : undefined, at(i >> 1))
          .post('/users/login', { username_or_email: unique('nobody'), password: 'wrong-copper-meadow' })
          .set('X-Forwarded-For', from(i)),
      ),
    );
    expect(guesses.filter(({ status }) => status === 401)).to.have.length(12);
    expect(guesses.filter(({ status }) => status === 429)).to.have.length(8);
    const right = await rest(ann, at(0))
      .post('/users/login', { username_or_email: ann.username, password: ann.password })
      .set('X-Forwarded-For', from(1));
    expectError(right, 429, 'RATE_LIMIT_EXCEEDED');
    await login(ann.username, ann.password, '2001:db8:0:78::1').expect(200);
  });

  it('apply to uploads separately', async () => {
    const ann = await register('ann', at(0));
    const upload = (i: number) =>
      rest(ann, at(i)).post('/files/upload').attach('file', Buffer.from('some words'), 'a.txt');
    await upload(0).expect(201);
    await upload(1).expect(201);
    expectError(await upload(0), 429, 'RATE_LIMIT_EXCEEDED');
    await rest(ann, at(0)).get('/files').expect(200);
  });

  it('apply to socket messages per user over both nodes: an error frame, and nothing is stored', async () => {
    const ann = await register('ann', at(0));
    const [one, two] = nodesOf(own) as [string, string];
    const lives = [await connect(ann, one), await connect(ann, two)] as const;
    for (let i = 0; i < 6; i++) {
      const live = lives[(i % 2) as 0 | 1];
      live.send({ message: `m${i}`, chat_id: 'limited', client_id: `c${i}` });
      if (i < 5) await live.next('ack', (ack) => ack.client_id === `c${i}`);
    }
    const error = await lives[1].next('error');
    expect(error).to.include({ code: 'RATE_LIMIT_EXCEEDED', client_id: 'c5' });
    expect(error.retry_after_ms).to.be.within(1, 60_000);
    const { messages } = (await rest(ann, at(0)).get('/messages/?chat_id=limited').expect(200)).body;
    expect(messages).to.have.length(5);
  });

  it('apply to upgrades per user over both gateways and both nodes', async () => {
    const ann = await register('ann', at(0));
    const doorsAndNodes = [...urls, ...nodesOf(own)];
    const statuses = [];
    for (let i = 0; i < 10; i++)
      statuses.push(
        await connect(ann, doorsAndNodes[i % doorsAndNodes.length] as string).then(
          () => 101,
          () => 0,
        ),
      );
    expect(statuses).to.deep.equal([...Array(8).fill(101), 0, 0]);
    for (const url of doorsAndNodes) {
      const { status, headers, body } = await refusedUpgrade(wsUrl(url, ann.token));
      expect(status).to.equal(429);
      expect(body.code).to.equal('RATE_LIMIT_EXCEEDED');
      expect(Number(headers['retry-after'])).to.be.within(1, 60);
    }
  });

  it('ignore forwarded addresses from untrusted sources', async () => {
    const { hostname, port } = new URL(at(0));
    const ask = (ip: string): Promise<string> =>
      new Promise((resolve, reject) =>
        request(
          { hostname, port, path: '/users/me', localAddress: '127.0.0.7', headers: { 'x-forwarded-for': ip } },
          (res) => resolve(String(res.resume().headers['x-ratelimit-remaining'])),
        )
          .on('error', reject)
          .end(),
      );
    expect([await ask('10.9.9.1'), await ask('10.9.9.2')]).to.deep.equal([String(LIMIT - 1), String(LIMIT - 2)]);
  });
});
