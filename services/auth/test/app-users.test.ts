import type { Identity } from '@chatapi/kit/auth';
import { expect } from 'chai';
import { type App, KEY, openApp, outcome } from './app-harness.ts';
import { GOOD } from './harness.ts';

describe('an application’s own users', () => {
  let app: App;
  let n = 0;
  before(async () => {
    app = await openApp();
  });
  after(() => app?.stop());
  const some = (): string => `customer ${n++}`;

  it('are created once and changed after that, with the answer of both', async () => {
    const id = some();
    const all = {
      username: 'ann',
      display_name: 'Ann Lee',
      bio: 'hi',
      avatar_url: 'https://example.com/a.png',
      email: 'ann@example.com',
      custom: { plan: 'free' },
    };
    const made = await app.put(id, all);
    expect(made.status).to.equal(201);
    expect(made.body).to.deep.include({ external_id: id, ...all, kind: 'user', role: 'user', status: 'active' });
    expect(made.body).to.have.all.keys(
      ...[
        'id',
        'external_id',
        'username',
        'email',
        'email_verified',
        'display_name',
        'bio',
        'avatar_url',
        'custom',
        'kind',
        'role',
      ],
      ...['status', 'created_at', 'updated_at'],
    );
    const changed = await app.put(id, { bio: 'ho', email: null, custom: { seats: 2 } });
    expect(changed.status).to.equal(200);
    expect(changed.body).to.deep.include({
      id: made.body.id,
      username: 'ann',
      bio: 'ho',
      email: null,
      custom: { plan: 'free', seats: 2 },
    });
    expect((await app.get(id)).body).to.deep.equal(changed.body);
  });

  it('an address that the application changes is not verified any more; the same one in another case is', async () => {
    const id = some();
    const { body } = await app.put(id, { email: 'proven@example.com' });
    expect(body.email_verified).to.equal(false);
    await app.auth.ctx.db('accounts').where('user_id', body.id).update({ email_verified: true });
    expect((await app.put(id, { email: 'Proven@example.com' })).body.email_verified).to.equal(true);
    expect((await app.put(id, { email: 'other@example.com' })).body.email_verified).to.equal(false);
  });

  it('of nothing get a free name, and the same call again changes and records nothing', async () => {
    const id = some();
    const { body } = await app.put(id, { display_name: 'Zoë  Ångström!' });
    expect(body.username).to.match(/^zoe-angstrom-[a-z2-9]{8}$/);
    expect((await app.put(some())).body.username).to.match(/^user-[a-z2-9]{8}$/);
    expect((await app.put(some(), { display_name: '愛' })).body.username).to.match(/^user-/);
    expect(body).to.deep.include({ email: null, display_name: 'Zoë  Ångström!', bio: '', custom: {} });
    const acts = (await app.facts('staff.acted_on_many')).length;
    const again = await app.put(id, { display_name: 'Zoë  Ångström!', username: body.username });
    expect(again.status).to.equal(200);
    expect(again.body).to.deep.include({ id: body.id, username: body.username, display_name: 'Zoë  Ångström!' });
    expect(await app.facts('account.updated', body.id)).to.deep.equal([]);
    expect(await app.facts('staff.acted_on_many')).to.have.length(acts);
  });

  it('are told by facts, with the acts of the caller', async () => {
    const id = some();
    const { body } = await app.put(id, { display_name: 'Told', email: 'told@example.com' });
    const [created] = await app.facts('accounts.created', body.id);
    expect(created).to.include({ external_id: id, kind: 'user', display_name: 'Told', email: 'told@example.com' });
    await app.put(id, { username: 'told-again', bio: 'b', email: 'Told@example.com' });
    const [updated] = await app.facts('account.updated', body.id);
    expect(updated).to.include({ username: 'told-again', email: 'Told@example.com' });
    expect(updated.updated_at > created.updated_at).to.equal(true);
    const acts = (await app.facts('staff.acted_on_many')).flatMap(({ acts: all, ...by }) =>
      all.map((act: object) => ({ ...by, ...act })),
    );
    const mine = acts.filter(({ target_id }) => target_id === body.id);
    expect(mine.map(({ action, actor_id, details }) => [action, actor_id, details])).to.deep.equal([
      ['user.create', KEY, {}],
      ['user.update', KEY, { fields: ['username', 'email', 'bio'] }],
    ]);
  });

  it('are told with their picture when they are new', async () => {
    const avatar_url = 'https://example.org/ann.png';
    const { body } = await app.put(some(), { display_name: 'Ann', avatar_url });
    expect((await app.facts('accounts.created', body.id))[0]).to.include({ avatar_url });
    const { body: plain } = await app.put(some(), { display_name: 'Bob', avatar_url: null });
    expect((await app.facts('accounts.created', plain.id))[0]).to.not.have.property('avatar_url');
  });

  it('differ by case, Unicode form and encoding of their ids', async () => {
    const ids = [
      ...[
        'User',
        'user',
        'é',
        'e\u0301',
        'a/b',
        'a%2Fb',
        'a\\b',
        '%2e%2e',
        '%2E%2E',
        'batch',
        '👩‍👩‍👧',
        ' ',
        ' x',
        'x ',
      ],
      ...['😀'.repeat(128), "it's", 'a?b#c', 'x;y=z', '..a', '…'],
    ];
    const made = [];
    for (const id of ids) made.push((await app.put(id)).body);
    expect(made.map(({ external_id }) => external_id)).to.deep.equal(ids);
    expect(new Set(made.map(({ id }) => id)).size).to.equal(ids.length);
    for (const [i, id] of ids.entries()) expect((await app.get(id)).body.id).to.equal(made[i].id);
    expect((await app.auth.ask('get', '/app/users/a%2Fb', app.key)).body.id).to.equal(made[4].id);
    expect((await app.auth.ask('get', '/app/users/a%252Fb', app.key)).body.id).to.equal(made[5].id);
  });

  for (const [what, id] of Object.entries({
    '129 characters': '😀'.repeat(129),
    'a control character': 'a\u0007b',
    'U+0000': 'a\u0000b',
    'a control character of Latin-1': 'a\u0085b',
  })) {
    it(`refuses an id with ${what}`, async () => {
      const answer = await app.put(id);
      expect(outcome(answer)).to.deep.equal([400, 'VALIDATION_ERROR', undefined]);
      expect(answer.body.details.fields[0].path).to.equal('external_id');
      expect(outcome(await app.get(id))).to.deep.equal([400, 'VALIDATION_ERROR', undefined]);
    });
  }

  it('refuses . and .. however they are written, and what is no UTF-8', async () => {
    for (const written of ['%2e', '%2E%2e', '%2E', '%2e%2E', '%ff', '%ed%a0%80'])
      expect((await app.auth.ask('put', `/app/users/${written}`, app.key).send({})).status, written).to.equal(400);
  });

  for (const [what, body, field] of [
    ['a username with a space', { username: 'a b' }, 'username'],
    ['a reserved username', { username: 'All' }, 'username'],
    ['an email that is none', { email: 'nobody' }, 'email'],
    ['an empty display name', { display_name: '' }, 'display_name'],
    ['a bio of 501 characters', { bio: 'x'.repeat(501) }, 'bio'],
    ['a script as picture', { avatar_url: 'javascript:alert(1)' }, 'avatar_url'],
    ['custom that is no object', { custom: [1] }, 'custom'],
    ['custom of 4,097 bytes', { custom: { a: 'x'.repeat(4089) } }, 'custom'],
    ['custom of 6 levels', { custom: { a: { a: { a: { a: { a: {} } } } } } }, 'custom'],
    ['custom with a lone surrogate', { custom: { '\ud800': 1 } }, 'custom'],
    ['a password', { password: GOOD }, 'password'],
    ['a role', { role: 'admin' }, 'role'],
    ['another id', { external_id: 'x' }, 'external_id'],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const answer = await app.put(some(), body);
      expect(outcome(answer)).to.deep.equal([400, 'VALIDATION_ERROR', undefined]);
      expect(answer.body.details.fields[0].path).to.equal(field);
    });
  }

  it('refuses custom that becomes too large, and changes nothing then', async () => {
    const id = some();
    await app.put(id, { custom: { a: 'x'.repeat(3000) }, bio: 'before' });
    const answer = await app.put(id, { custom: { b: 'x'.repeat(3000) }, bio: 'after', username: 'too-large' });
    expect(outcome(answer)).to.deep.equal([400, 'VALIDATION_ERROR', undefined]);
    expect((await app.get(id)).body).to.include({ bio: 'before' });
    expect((await app.get(id)).body.username).to.not.equal('too-large');
  });

  it('a taken username or email is a conflict that names the field', async () => {
    await app.auth.register('taken');
    const id = some();
    const both = await app.put(id, { username: 'TAKEN', email: 'Taken@example.com' });
    expect(outcome(both)).to.deep.equal([409, 'CONFLICT', undefined]);
    expect(both.body.details.fields.map(({ path }: { path: string }) => path)).to.deep.equal(['username', 'email']);
    expect((await app.get(id)).status).to.equal(404);
    await app.put(id, { username: 'mine-already' });
    expect((await app.put(id, { email: 'taken@example.com' })).status).to.equal(409);
    expect((await app.put(id, { username: 'Mine-Already' })).body.username).to.equal('Mine-Already');
  });

  it('two upserts at once make one account, every time', async () => {
    for (let i = 0; i < 10; i++) {
      const id = some();
      const answers = await Promise.all(
        Array.from({ length: 4 }, (_, k) => app.put(id, { display_name: `Twin ${k}`, bio: `bio ${k}` })),
      );
      expect(answers.map(({ status }) => status).sort()).to.deep.equal([200, 200, 200, 201]);
      expect(new Set(answers.map(({ body }) => body.id)).size).to.equal(1);
      expect(await app.facts('accounts.created', answers[0]?.body.id)).to.have.length(1);
    }
  });

  it('two who want one username at once: one gets it', async () => {
    for (let i = 0; i < 10; i++) {
      const username = `wanted-${i}`;
      const answers = await Promise.all([1, 2, 3].map(() => app.put(some(), { username })));
      expect(answers.map(({ status }) => status).sort()).to.deep.equal([201, 409, 409]);
    }
  });

  it('two who change to one username at once: one gets it', async () => {
    for (let i = 0; i < 10; i++) {
      const ids = [some(), some(), some()];
      for (const id of ids) await app.put(id);
      const answers = await Promise.all(ids.map((id) => app.put(id, { username: `changed-${i}` })));
      expect(answers.map(({ status }) => status).sort()).to.deep.equal([200, 409, 409]);
    }
  });

  it('admins are not changed, erased or deactivated by applications', async () => {
    const id = some();
    const { body } = await app.put(id);
    await app.auth.inside('put', `/internal/accounts/${body.id}/role`).send({ role: 'admin' }).expect(200);
    const refused = [403, 'AUTHORIZATION_ERROR', 'admin'];
    expect(outcome(await app.put(id, { email: 'attacker@example.com' }))).to.deep.equal(refused);
    expect(outcome(await app.post(id, 'deactivate'))).to.deep.equal(refused);
    expect(outcome(await app.post(id, 'activate'))).to.deep.equal(refused);
    expect(outcome(await app.erase(id))).to.deep.equal(refused);
    expect((await app.get(id)).body).to.include({ role: 'admin', email: null });
  });

  it('are for application keys with the scope, not for admins, persons or nobody', async () => {
    const person = app.auth.as(await app.auth.register('mortal'));
    const limited: Identity = { ...app.key, kind: 'key', scopes: ['users:read'] } as Identity;
    const asks = (as?: Identity) => [
      app.auth.ask('put', '/app/users/x', as).send({}),
      app.auth.ask('delete', '/app/users/x', as),
      app.auth.ask('post', '/app/users/batch', as).send({ users: [{}] }),
      app.auth.ask('post', '/app/users/x/deactivate', as),
      app.auth.ask('post', '/app/users/x/tokens', as).send({}),
    ];
    for (const as of [person, { ...person, role: 'admin' } as Identity, undefined])
      for (const answer of await Promise.all([...asks(as), app.auth.ask('get', '/app/users/x', as)]))
        expect(answer.status).to.equal(as === undefined ? 401 : 403);
    for (const answer of await Promise.all(asks(limited)))
      expect(outcome(answer)).to.deep.equal([403, 'AUTHORIZATION_ERROR', 'scope']);
    expect((await app.auth.ask('get', '/app/users/x', limited)).status).to.equal(404);
    const acting = { ...person, scopes: ['users:write'], key_id: KEY } as Identity;
    const answer = await app.auth.ask('put', '/app/users/x', acting).send({});
    expect(outcome(answer)).to.deep.equal([403, 'AUTHORIZATION_ERROR', 'act_as']);
  });

  it('are found by the gateways for X-Act-As, with their status', async () => {
    const id = some();
    const { body } = await app.put(id);
    const find = async (external_id: string) =>
      (await app.auth.inside('post', '/internal/people/find').send({ external_id })).body.person;
    expect(await find(id)).to.include({ user_id: body.id, role: 'user', status: 'active' });
    await app.post(id, 'deactivate');
    expect(await find(id)).to.include({ user_id: body.id, status: 'deactivated' });
    expect(await find(id.toUpperCase())).to.equal(null);
  });
});
