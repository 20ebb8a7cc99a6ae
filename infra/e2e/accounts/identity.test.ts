import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { type Account, type Json, loginAdmin, register, rest, unique } from '../support/client.ts';
import { gateways } from '../support/cluster.ts';
import { expectError, expectInvalid } from '../support/expects.ts';
import '../support/shared-cluster.ts';

const body = (over: object = {}): object => {
  const username = unique('new');
  return { username, email: `${username}@example.com`, password: 'copper-violet-meadow-27', ...over };
};

describe('accounts and profiles', () => {
  let ann: Account;
  let bob: Account;
  before(async () => {
    [ann, bob] = [await register('ann'), await register('bob')];
  });

  it('refuses a taken username or email, whatever its case', async () => {
    const upper = ann.username.toUpperCase();
    expectError(await rest().post('/users/register', body({ username: upper })), 409, 'CONFLICT');
    expectError(await rest().post('/users/register', body({ email: ann.email.toUpperCase() })), 409, 'CONFLICT');
  });

  it('creates one account when the same name registers concurrently on both gateways', async () => {
    const username = unique('race');
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) => {
        const same = body({ username: i % 2 ? username : username.toUpperCase() });
        return rest(undefined, gateways()[i % 2] as string).post('/users/register', same);
      }),
    );
    expect(answers.map(({ status }) => status).sort()).to.deep.equal([201, ...Array(7).fill(409)]);
  });

  it('validates usernames and passwords', async () => {
    for (const username of ['ab', 'a'.repeat(33), 'with space', 'ann@home', 'évé'])
      expectInvalid(await rest().post('/users/register', body({ username })), 'username');
    for (const email of ['no-at-sign', 'a@', '@b.example'])
      expectInvalid(await rest().post('/users/register', body({ email })), 'email');
    const username = unique('longname');
    for (const password of ['short', 'password', '12345678', username, 'é'.repeat(37), 'x'.repeat(73)])
      expectInvalid(await rest().post('/users/register', body({ username, password })), 'password');
    expectInvalid(await rest().post('/users/register', body({ display_name: 'x'.repeat(65) })), 'display_name');
    expectInvalid(await rest().post('/users/register', body({ display_name: 'a\u202Eb' })), 'display_name');
    expectInvalid(await rest().post('/users/register', body({ role: 'admin' })), 'role');
  });

  it('responds alike to a wrong password and to an unknown account', async () => {
    const ask = (name: string) =>
      rest().post('/users/login', { username_or_email: name, password: 'wrong-copper-meadow' });
    const known = expectError(await ask(ann.username), 401, 'AUTHENTICATION_ERROR');
    const unknown = expectError(await ask(unique('ghost')), 401, 'AUTHENTICATION_ERROR');
    expect(known.message).to.equal(unknown.message);
    expect(known.details).to.deep.equal(unknown.details);
  });

  it('updates any subset of the profile and refuses other fields', async () => {
    const put = (change: object) => rest(ann).put('/users/me', change);
    expect((await put({ bio: 'b' }).expect(200)).body).to.include({ bio: 'b', display_name: 'ann' });
    for (const [field, value] of [
      ['bio', 'x'.repeat(501)],
      ['avatar_url', 'javascript:alert(1)'],
      ['avatar_url', 'ftp://example.com/a.png'],
      ['email', 'new@example.com'],
      ['role', 'admin'],
      ['display_name', 'a\u0007b'],
    ])
      expectInvalid(await put({ [field as string]: value }), field as string);
  });

  it('shows others a profile with presence and without the email; admins see it', async () => {
    const seen = (await rest(bob).get(`/users/${ann.id}`).expect(200)).body;
    expect(seen).to.include({ id: ann.id, username: ann.username }).and.not.have.property('email');
    expect(seen.presence.status).to.be.oneOf(['online', 'offline']);
    const admin = await loginAdmin();
    expect((await rest(admin).get(`/users/${ann.id}`).expect(200)).body.email).to.equal(ann.email);
    expectError(await rest(bob).get('/users/usr_nobody'), 404, 'RESOURCE_NOT_FOUND');
  });

  it('searches username and display name, never email', async () => {
    const display_name = unique('Zaphod');
    await rest(ann).put('/users/me', { display_name }).expect(200);
    const find = async (text: string): Promise<string[]> =>
      (
        await rest(bob)
          .get(`/users?search=${encodeURIComponent(text)}`)
          .expect(200)
      ).body.users.map((u: Json) => u.id);
    await eventually(async () => expect(await find(display_name.toLowerCase())).to.deep.equal([ann.id]));
    expect(await find(ann.username)).to.deep.equal([ann.id]);
    expect(await find(ann.email)).to.deep.equal([]);
    expect(await find('%')).to.deep.equal([]);
  });
});
