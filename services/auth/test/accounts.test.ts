import { encodeCursor } from '@chatapi/kit';
import { served } from '@chatapi/kit/testing';
import { expect } from 'chai';
import fc from 'fast-check';
import { checkPassword } from '../src/password-policy.ts';
import { type Auth, claimsOf, GOOD, openAuth } from './harness.ts';

describe('registration', () => {
  let auth: Auth;
  before(async () => {
    auth = await openAuth();
  });
  after(() => auth?.close());
  const register = (body: object) => auth.ask('post', '/users/register').send(body);
  const person = (username: string, more: object = {}) => ({
    username,
    email: `${username}@example.com`,
    password: GOOD,
    ...more,
  });

  it('accepts the documented example and returns the user and a pair of tokens', async () => {
    const { status, body } = await register({
      username: 'johndoe',
      email: 'john@example.com',
      password: 'securepassword123',
      display_name: 'John Doe',
    });
    expect(status).to.equal(201);
    expect(body).to.have.all.keys('user', 'access_token', 'refresh_token', 'token_type', 'expires_in');
    expect(body.token_type).to.equal('bearer');
    expect(body.expires_in).to.equal(1800);
    expect(body.user).to.include({
      username: 'johndoe',
      email: 'john@example.com',
      display_name: 'John Doe',
      bio: '',
      avatar_url: null,
      role: 'user',
      status: 'active',
    });
    expect(body.user.id).to.match(/^usr_/);
    expect(claimsOf(body.access_token)).to.include({ sub: body.user.id, role: 'user', iss: 'chatapi', aud: 'chatapi' });
  });

  it('without a display name shows the username', async () => {
    const { body } = await register(person('nameless'));
    expect(body.user.display_name).to.equal('nameless');
    expect((await register(person('nameless2', { display_name: '' }))).body.user.display_name).to.equal('nameless2');
  });

  it('refuses names that mean everybody, and display names that nobody can see', async () => {
    for (const username of ['all', 'ALL', 'here', 'Here']) {
      const { status, body } = await register(person(username));
      expect([status, body.code, body.details.fields[0].path]).to.deep.equal([400, 'VALIDATION_ERROR', 'username']);
    }
    for (const display_name of [' ', '\u3164', '\u200b', '\u0301']) {
      const { status, body } = await register(person('unseen', { display_name }));
      expect([status, body.details.fields[0].path]).to.deep.equal([400, 'display_name']);
    }
    expect((await register(person('all_'))).status).to.equal(201);
  });

  it('publishes account.created with the account, once', async () => {
    const { id } = await auth.register('newuser');
    const rows = await auth.ctx.db('outbox').where('name', 'account.created').whereRaw("payload->>'user_id' = ?", [id]);
    expect(rows).to.have.length(1);
    expect(rows[0].payload).to.include({
      username: 'newuser',
      role: 'user',
      status: 'active',
      display_name: 'newuser',
    });
  });

  it('refuses a username or email that differs only by case, and names each field', async () => {
    await auth.register('Taken.Name');
    const one = await register(person('tAKEN.nAME', { email: 'other@example.com' }));
    expect(one.status).to.equal(409);
    expect(one.body.code).to.equal('CONFLICT');
    expect(one.body.details.fields.map((f: { path: string }) => f.path)).to.deep.equal(['username']);
    const both = await register(person('taken.name', { email: 'TAKEN.name@EXAMPLE.com' }));
    expect(both.body.details.fields.map((f: { path: string }) => f.path)).to.deep.equal(['username', 'email']);
  });

  it('refuses an email whose compatibility form is taken (full-width letters)', async () => {
    await auth.register('nfkc', { email: 'wide@example.com' });
    const { status, body } = await register(person('nfkc2', { email: 'ｗide@example.com' }));
    expect(status).to.equal(409);
    expect(body.details.fields[0].path).to.equal('email');
  });

  it('creates one account when twenty register one name at once; the others get a conflict', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        served(() => register(person('rush', { email: `rush${i % 2}@example.com` }))),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).to.deep.equal([201, ...Array(19).fill(409)]);
    expect(answers.every(({ status, body }) => status === 201 || body.details.fields.length > 0)).to.equal(true);
  });

  for (const [what, body] of Object.entries({
    'a short name': { username: 'ab' },
    'a name with spaces': { username: 'a b c' },
    'a name with a bidi override': { username: 'abc\u202edef' },
    'a look-alike name outside ASCII': { username: 'ｊohndoe' },
    'a bad address': { email: 'nobody' },
    'a NUL in the address': { email: 'a\u0000b@example.com' },
    'a display name with control characters': { display_name: 'a\u0007b' },
    'a display name of 65 characters': { display_name: 'x'.repeat(65) },
    'an unknown field': { role: 'admin' },
    'a password that is no text': { password: 12345678 },
    'no password': { password: undefined },
    'seven bytes': { password: 'Xk3#q9Z' },
    '73 bytes': { password: 'kJ8#mQ2$vX'.repeat(8).slice(0, 73) },
    '73 bytes in 37 characters': { password: `é${'üñ'.repeat(18)}` },
    'a lone surrogate in the password': { password: 'kJ8#mQ2$\ud800vX' },
    password: { password: 'password' },
    '12345678': { password: '12345678' },
  })) {
    it(`refuses ${what} and stores nothing`, async () => {
      const { status, body: answer } = await register(person('refused', body));
      expect(status).to.equal(400);
      expect(answer.code).to.equal('VALIDATION_ERROR');
      expect(answer.details.fields).to.have.length.of.at.least(1);
      expect(await auth.ctx.db('accounts').where('username_key', 'refused')).to.deep.equal([]);
    });
  }

  it('accepts passwords of exactly 8 and exactly 72 bytes', async () => {
    expect((await register(person('eight', { password: 'kJ8#mQ2$' }))).status).to.equal(201);
    const long = 'kJ8#mQ2$vX'.repeat(8).slice(0, 72);
    expect((await register(person('seventytwo', { password: long }))).status).to.equal(201);
    expect((await auth.login('seventytwo', long)).status).to.equal(200);
    expect((await auth.login('seventytwo', `${long}x`)).status).to.equal(401);
  });

  it('gives advice on a weak password', async () => {
    const { body } = await register(person('advised', { password: 'password1' }));
    expect(body.details.fields[0].path).to.equal('password');
    expect(body.details.advice.suggestions).to.be.an('array').that.is.not.empty;
    expect(body.details.advice.score).to.be.below(2);
  });

  it('names every fault of a registration at once, a weak password too', async () => {
    for (const password of ['z', 'password', 'Summer2026!']) {
      const { status, body } = await auth
        .ask('post', '/users/register')
        .send({ username: 'x', email: 'y', password, x: 1 });
      const paths = body.details.fields.map(({ path }: { path: string }) => path);
      expect([status, paths.sort()]).to.deep.equal([400, ['email', 'password', 'username', 'x']]);
      expect(body.message).to.equal(body.details.fields[0].message);
    }
  });

  it('refuses the name of the product, a season, a month or a day with a number', () => {
    for (const password of [
      ...['chatapi2026', 'ChatAPI2026!', 'chat-api-2026', 'ch@tapi123', '2026chatapi', 'chatapichat'],
      ...['Summer2026!', 'Winter-26', '2025-winter', 'summ3r2026', 'October2026', 'Friday13!', 'Sommer2026!'],
      ...['ann_2026', 'Ann!1234', 'annsummer26'],
    ])
      expect(() => checkPassword('password', password, ['ann']), password).to.throw('too easy to guess');
    for (const password of ['chatapi-tidal-crater-9', 'march of nine lanterns', 'quiet-harbour-lamp-41', 'kJ8#mQ2$'])
      expect(() => checkPassword('password', password, ['ann']), password).not.to.throw();
  });

  it('refuses any username as its own password', () => {
    const name = fc.stringMatching(/^[A-Za-z0-9_.-]{8,32}$/);
    fc.assert(
      fc.property(name, (username) => {
        expect(() => checkPassword('password', username, [username, `${username}@example.com`])).to.throw(
          'password is too easy to guess',
        );
      }),
      { numRuns: 40, examples: [['__proto__']] },
    );
  });

  it('checks the worst 72 bytes in less than three times the CPU of ordinary ones', () => {
    // The least CPU time of several runs, so that other load does not count.
    const cpuOf = (password: string): number =>
      Math.min(
        ...Array.from({ length: 4 }, () => {
          const before = process.cpuUsage();
          checkPassword('password', password, ['x']);
          const { user, system } = process.cpuUsage(before);
          return user + system;
        }),
      );
    const ordinary = 'correct horse battery staple in the quiet harbour of copper violets 27';
    expect(cpuOf('4@($!1|0537+%2'.repeat(5))).to.be.below(3 * cpuOf(ordinary));
  });

  it('never stores or shows a password or its hash', async () => {
    const { body } = await register(person('secretive'));
    expect(JSON.stringify(body)).to.not.include(GOOD).and.not.include('$2b$');
    const account = await auth.inside('get', `/internal/accounts/${body.user.id}`);
    expect(account.body).to.not.have.property('password_hash');
    const rows = await auth.ctx.db('accounts').where('user_id', body.user.id);
    expect(rows[0].password_hash).to.match(/^\$2b\$04\$/);
  });
});

describe('accounts for other services', () => {
  let auth: Auth;
  before(async () => {
    auth = await openAuth();
    for (const name of ['ann', 'bob_1', 'bobx1', 'per100']) await auth.register(name);
  });
  after(() => auth?.close());
  const names = async (query: string): Promise<string[]> =>
    (await auth.inside('get', `/internal/accounts?${query}`)).body.accounts.map(
      (a: { username: string }) => a.username,
    );

  it('are listed newest first, with the total', async () => {
    expect(await names('')).to.deep.equal(['per100', 'bobx1', 'bob_1', 'ann']);
    const page = await auth.inside('get', '/internal/accounts?limit=2&skip=1');
    expect(page.body).to.include({ total: 4, has_more: true });
    expect(page.body.accounts).to.have.length(2);
    const cursor = encodeCursor([page.body.accounts[0].user_id]);
    const behind = await auth.inside('get', `/internal/accounts?limit=2&cursor=${cursor}`);
    expect(behind.body).to.include({ total: 4, has_more: false });
    expect(behind.body.accounts.map((a: { username: string }) => a.username)).to.deep.equal(['bob_1', 'ann']);
  });

  it('are searched by username, and by email only on request, ignoring case; `%` and `_` are literal', async () => {
    expect(await names('search=BOB_1')).to.deep.equal(['bob_1']);
    expect(await names('search=ann@EXAMPLE&by_email=true')).to.deep.equal(['ann']);
    expect(await names('search=ann@EXAMPLE')).to.deep.equal([]);
    expect(await names('search=%25')).to.deep.equal([]);
    expect(await names('search=b_b')).to.deep.equal([]);
  });

  it('are filtered by role and status', async () => {
    expect(await names('role=admin')).to.deep.equal([]);
    expect(await names('status=active&role=user&search=per')).to.deep.equal(['per100']);
    expect((await auth.inside('get', '/internal/accounts?status=gone')).status).to.equal(400);
  });

  it('are returned by ids in one call, without unknown ones', async () => {
    const [ann, bob] = [await auth.register('by_id_a'), await auth.register('by_id_b')];
    const ask = (body: object) => auth.inside('post', '/internal/accounts/by-ids').send(body);
    const { body } = await ask({ ids: [ann.id, 'usr_nobody', bob.id, ann.id] });
    const found = body.accounts.map(({ user_id, username }: Record<string, string>) => [user_id, username]);
    expect(found).to.have.deep.members([
      [ann.id, 'by_id_a'],
      [bob.id, 'by_id_b'],
    ]);
    expect(JSON.stringify(body)).to.not.include('password');
    expect((await ask({ ids: [] })).body.accounts).to.deep.equal([]);
    expect((await ask({ ids: ['room_1'] })).status).to.equal(400);
    expect((await ask({ ids: Array(1001).fill(ann.id) })).status).to.equal(400);
  });

  it('list their live sessions for the export of an account', async () => {
    const { id, session_id } = await auth.register('exported');
    const { body } = await auth.inside('get', `/internal/accounts/${id}/sessions`);
    expect(body.sessions.map((session: { id: string }) => session.id)).to.deep.equal([session_id]);
    expect((await auth.inside('delete', `/internal/accounts/${id}/sessions`)).status).to.be.below(300);
    expect((await auth.inside('get', `/internal/accounts/${id}/sessions`)).body.sessions).to.deep.equal([]);
  });

  it('are refused to users; an unknown id is 404', async () => {
    expect((await auth.ask('get', '/internal/accounts', auth.as(await auth.register('curious')))).status).to.equal(403);
    expect((await auth.inside('get', '/internal/accounts/usr_nobody')).status).to.equal(404);
  });
});
