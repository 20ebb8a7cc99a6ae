import type { Identity } from '@chatapi/kit/auth';
import { anonymousIdentity } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { familyOf } from '../src/known-device.ts';
import { deleteExpired } from '../src/sweeps.ts';
import { type Auth, GOOD, openAuth, personOf } from './harness.ts';

const BAD = 'not the password';
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const NEWER_FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:151.0) Gecko/20100101 Firefox/151.0';
const CHROME = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
const HOME = '203.0.113.7';

describe('a known device', () => {
  let auth: Auth & { schema: string };
  let other: Auth;
  before(async () => {
    auth = await openAuth();
    other = await openAuth({}, auth.schema);
  });
  after(async () => {
    await other?.close();
    await auth?.close();
  });
  let n = 0;

  const from = (ip: string, user_agent: string): Identity => ({ ...anonymousIdentity(ip), user_agent });
  const register = async (ip = HOME, userAgent = FIREFOX) => {
    const username = `owner${++n}`;
    const body = { username, email: `${username}@example.com`, password: GOOD };
    return personOf((await auth.ask('post', '/users/register', from(ip, userAgent)).send(body).expect(201)).body);
  };
  const login = async (name: string, password: string, ip: string, userAgent = FIREFOX, at: Auth = auth) =>
    (await at.ask('post', '/users/login', from(ip, userAgent)).send({ username_or_email: name, password })).status;
  const lockOut = async (name: string): Promise<void> => {
    for (let i = 0; i < 10; i++) expect(await login(name, BAD, `2001:db8:bad:${i}::1`, CHROME)).to.equal(401);
    expect(await login(name, GOOD, '198.51.100.9', CHROME)).to.equal(423);
  };

  it('logs in while strangers have locked the account, on both instances; others don’t', async () => {
    const { username } = await register();
    await lockOut(username);
    expect(await login(username, GOOD, HOME)).to.equal(200);
    expect(await login(username, GOOD, '203.0.113.200', NEWER_FIREFOX, other)).to.equal(200);
    expect(await login(username, GOOD, HOME, CHROME)).to.equal(423);
    expect(await login(username, GOOD, '203.0.114.7', FIREFOX, other)).to.equal(423);
  });

  it('is known by its /48 in IPv6', async () => {
    const { username } = await register('2001:db8:77:1::5');
    await lockOut(username);
    expect(await login(username, GOOD, '2001:db8:77:ffff::9')).to.equal(200);
    expect(await login(username, GOOD, '2001:db8:78:1::5')).to.equal(423);
  });

  it('is any that logged in within 30 days, not only the first', async () => {
    const { username, id } = await register();
    expect(await login(username, GOOD, '198.51.100.40', CHROME)).to.equal(200);
    await auth.ctx.db.raw("update known_devices set last_login_at = now() - interval '31 days' where network = ?", [
      '203.0.113.0/24',
    ]);
    await lockOutAll(username, id);
    expect(await login(username, GOOD, '198.51.100.41', CHROME)).to.equal(200);
    expect(await login(username, GOOD, HOME)).to.equal(423);
  });
  /** From addresses that no test above made known. */
  async function lockOutAll(name: string, id: string): Promise<void> {
    for (let i = 0; i < 10; i++) expect(await login(name, BAD, `192.0.2.${i}`, 'curl/8.5.0')).to.equal(401);
    const { rows } = await auth.ctx.db.raw('select 1 from login_locks where account_key = ?', [id]);
    expect(rows).to.have.length(1);
  }

  it('gets 429 after five wrong passwords from its address, whatever browser it names', async () => {
    const { username } = await register();
    for (let i = 0; i < 5; i++) expect(await login(username, BAD, HOME, i % 2 ? FIREFOX : CHROME)).to.equal(401);
    expect(await login(username, GOOD, HOME)).to.equal(429);
    expect(await login(username, GOOD, HOME, CHROME)).to.equal(429);
    expect(await login(username, GOOD, '203.0.113.8')).to.equal(200);
  });

  it('is locked by ten failures of its own network and browser: guesses stay bounded', async () => {
    const { username } = await register();
    for (let i = 0; i < 10; i++) expect(await login(username, BAD, `203.0.113.${i + 10}`)).to.equal(401);
    expect(await login(username, GOOD, '203.0.113.99', FIREFOX, other)).to.equal(423);
    expect(await login(username, GOOD, '198.51.100.77', CHROME)).to.equal(423);
  });

  it('checks exactly ten of fifty wrong guesses at once through two instances, beside ten of strangers', async () => {
    const { username } = await register();
    const guess = (i: number): Promise<number> =>
      i % 2
        ? login(username, BAD, `203.0.113.${i}`, FIREFOX, i % 4 === 1 ? auth : other)
        : login(username, BAD, `2001:db8:${i + 100}::1`, CHROME, i % 4 ? auth : other);
    /** Attempts that wait take places; on a busy machine some find none for five seconds. */
    async function answered(i: number): Promise<number> {
      for (;;) {
        const status = await guess(i);
        if (status !== 503) return status;
      }
    }
    const statuses = await Promise.all(Array.from({ length: 100 }, (_, i) => answered(i)));
    const checkedAtHome = statuses.filter((status, i) => i % 2 && status === 401).length;
    const checkedAbroad = statuses.filter((status, i) => !(i % 2) && status === 401).length;
    expect(checkedAtHome).to.equal(10);
    expect(checkedAbroad).to.be.within(0, 10);
    expect(statuses.filter((status) => status === 423)).to.have.length(100 - checkedAtHome - checkedAbroad);
  });

  it('is unlocked with the account by an admin', async () => {
    const { username, id } = await register();
    for (let i = 0; i < 10; i++) await login(username, BAD, `203.0.113.${i + 10}`);
    expect(await login(username, GOOD, '203.0.113.99')).to.equal(423);
    expect((await auth.inside('post', `/internal/accounts/${id}/unlock`)).status).to.equal(204);
    expect(await login(username, GOOD, '203.0.113.99')).to.equal(200);
  });

  it('is one of at most 20 of an account; the oldest is forgotten', async () => {
    const { username, id } = await register();
    for (let i = 0; i < 25; i++) expect(await login(username, GOOD, `10.9.${i}.1`)).to.equal(200);
    const devices = await auth.ctx.db('known_devices').where({ user_id: id });
    expect(devices).to.have.length(20);
    expect(devices.map(({ network }) => network)).not.to.include('203.0.113.0/24');
  });

  it('is forgotten with the account, and by the sweep after 90 days', async () => {
    const gone = await register();
    const stays = await register();
    for (let i = 0; i < 10; i++) await login(gone.username, BAD, `203.0.113.${i + 10}`);
    expect((await auth.inside('delete', `/internal/accounts/${gone.id}`)).status).to.equal(204);
    for (const table of ['known_devices', 'login_locks', 'login_failures'])
      expect(JSON.stringify(await auth.ctx.db(table).select())).not.to.include(gone.id);
    await auth.ctx
      .db('known_devices')
      .where({ user_id: stays.id })
      .update({ last_login_at: auth.ctx.db.raw("now() - interval '91 days'") });
    await deleteExpired(auth.ctx);
    expect(await auth.ctx.db('known_devices').where({ user_id: stays.id })).to.have.length(0);
  });

  const families: [string, string][] = [
    [FIREFOX, 'firefox'],
    [CHROME, 'chrome'],
    [`${CHROME} Edg/140.0.0.0`, 'edge'],
    [`${CHROME} OPR/120.0.0.0`, 'opera'],
    ['Mozilla/5.0 (iPhone; CPU iPhone OS 18_6) AppleWebKit/605.1.15 Version/18.6 Mobile/15E148 Safari/604.1', 'safari'],
    ['Mozilla/5.0 (iPhone; CPU iPhone OS 18_6) AppleWebKit/605.1.15 CriOS/140.0 Mobile/15E148 Safari/604.1', 'chrome'],
    [
      'Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 SamsungBrowser/28.0 Chrome/130.0 Mobile Safari/537.36',
      'samsung',
    ],
    ['python-httpx/0.28.1', 'python-httpx'],
    ['node', 'node'],
    ['', ''],
  ];
  for (const [userAgent, family] of families)
    it(`with the user agent ${userAgent.slice(-40) || 'empty'} is of the family ${family || 'without a name'}`, () => {
      expect(familyOf(userAgent)).to.equal(family);
    });
});
