// Who may register: the policy and its invites.
import { newId } from '@chatapi/kit';
import { served } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { deleteExpired } from '../src/sweeps.ts';
import { type Auth, GOOD, openAuth } from './harness.ts';

type Answer = { status: number; body: { code?: string; details?: { reason?: string } } };
const refusal = ({ status, body }: Answer) => [status, body.code, body.details?.reason];
const FORBIDDEN = [403, 'AUTHORIZATION_ERROR'];

let made = 0;
const person = (more: object = {}) => {
  const username = `invited${made++}`;
  return { username, email: `${username}@example.com`, password: GOOD, ...more };
};

describe('the registration policy', () => {
  const at = async (settings: Record<string, string>, work: (auth: Auth) => Promise<void>): Promise<void> => {
    const auth = await openAuth(settings);
    try {
      await work(auth);
    } finally {
      await auth.close();
    }
  };
  const post = (auth: Auth, body: object) => auth.ask('post', '/users/register').send(body);

  it('closed refuses everybody, with an invite too, and does not tell which names are taken', () =>
    at(
      { REGISTRATION: 'closed', ADMIN_USERNAME: 'root', ADMIN_EMAIL: 'r@example.com', ADMIN_PASSWORD: GOOD },
      async (auth) => {
        const refused = [...FORBIDDEN, 'registration_closed'];
        expect(refusal(await post(auth, person()))).to.deep.equal(refused);
        expect(refusal(await post(auth, person({ username: 'root' })))).to.deep.equal(refused);
        const { body } = await auth
          .inside('post', '/internal/invites')
          .send({ id: newId('inv'), max_uses: 1, rooms: [] });
        expect(refusal(await post(auth, person({ invite: body.code })))).to.deep.equal(refused);
        expect((await auth.login('root')).status).to.equal(200);
      },
    ));

  it('invite refuses whoever has none', () =>
    at({ REGISTRATION: 'invite' }, async (auth) => {
      expect(refusal(await post(auth, person()))).to.deep.equal([...FORBIDDEN, 'invite_required']);
      expect(refusal(await post(auth, person({ invite: 'guess' })))).to.deep.equal([...FORBIDDEN, 'invite_invalid']);
    }));

  it('domains are compared in any case, form and spelling, and mean no subdomains', () =>
    at({ REGISTRATION_DOMAINS: 'Example.com, bücher.example,xn--mller-kva.example.' }, async (auth) => {
      const status = async (domain: string) => {
        const { username } = person();
        const answer = await post(auth, { username, email: `${username}@${domain}`, password: GOOD });
        return answer.status === 403 ? refusal(answer)[2] : answer.status;
      };
      for (const domain of ['example.com', 'EXAMPLE.COM', 'ExAmPlE.cOm', 'bücher.example', 'BÜCHER.example'])
        expect(await status(domain), domain).to.equal(201);
      for (const domain of ['xn--bcher-kva.example', 'bu\u0308cher.example', 'müller.example'])
        expect(await status(domain), domain).to.equal(201);
      for (const domain of [
        'sub.example.com',
        'notexample.com',
        'example.com.evil.example',
        'example.org',
        'examp1e.com',
      ])
        expect(await status(domain), domain).to.equal('email_domain');
      for (const domain of ['bucher.example', 'exаmple.com'])
        expect(await status(domain), domain).to.equal('email_domain');
      // Not an email at all, or the same domain: never another one.
      expect(await status('example.com.')).to.be.oneOf([201, 400]);
      expect(await status('evil.example@example.com')).to.equal(400);
      expect(await status('example.com@evil.example')).to.equal(400);
    }));

  it('a domain of the settings that is none ends the start', async () => {
    for (const bad of ['@example.com', '*.example.com', 'example', 'a b.example', 'http://example.com', '[::1]'])
      await at({ REGISTRATION_DOMAINS: bad }, async () => undefined).then(
        () => expect.fail(bad),
        (error: Error) => expect(error.message).to.include('REGISTRATION_DOMAINS'),
      );
    await at({ REGISTRATION: 'maybe' }, async () => undefined).then(
      () => expect.fail('maybe'),
      (error: Error) => expect(error.message).to.include('REGISTRATION'),
    );
  });
});

describe('invites', () => {
  let auth: Auth;
  before(async () => {
    auth = await openAuth({ REGISTRATION: 'invite' });
  });
  after(() => auth?.close());

  const create = async (more: object = {}) => {
    const invite = { id: newId('inv'), max_uses: 1, rooms: [], ...more };
    const { status, body } = await auth.inside('post', '/internal/invites').send(invite);
    expect(status, JSON.stringify(body)).to.equal(201);
    return body as { id: string; code: string; max_uses: number; uses: number; expires_at: string; rooms: string[] };
  };
  const register = (more: object) => auth.ask('post', '/users/register').send(person(more));
  const list = async (query = '') => (await auth.inside('get', `/internal/invites?${query}`)).body;
  const usesOf = async (id: string): Promise<number> =>
    (await list('limit=100')).invites.find((invite: { id: string }) => invite.id === id)?.uses;

  it('have a code that is shown once and stored only as a hash, and last 7 days', async () => {
    const invite = await create({ rooms: ['lobby'] });
    expect(invite).to.include({ max_uses: 1, uses: 0 });
    expect(invite.code).to.match(/^[\w-]{43}$/);
    const days = (Date.parse(invite.expires_at) - Date.now()) / 86_400_000;
    expect(days).to.be.within(6.99, 7.01);
    expect(JSON.stringify(await list())).to.not.include(invite.code);
    const [row] = await auth.ctx.db('invites').where('id', invite.id);
    expect(JSON.stringify(row)).to.not.include(invite.code);
    expect(row.code_hash).to.have.length(32);
  });

  it('let as many people register as they say, and not one more', async () => {
    const { id, code } = await create({ max_uses: 2 });
    expect((await register({ invite: code })).status).to.equal(201);
    expect((await register({ invite: code })).status).to.equal(201);
    expect(refusal(await register({ invite: code }))).to.deep.equal([...FORBIDDEN, 'invite_invalid']);
    expect(await usesOf(id)).to.equal(2);
  });

  it('used by 50 people at once make exactly as many accounts as they allow, over two instances', async () => {
    const twin = await openAuth({ REGISTRATION: 'invite' }, (auth as Auth & { schema: string }).schema);
    const { id, code } = await create({ max_uses: 7 });
    const people = Array.from({ length: 50 }, () => person({ invite: code }));
    const answers = await Promise.all(
      people.map((body, i) => served(() => (i % 2 ? auth : twin).ask('post', '/users/register').send(body))),
    );
    const made = answers.filter(({ status }) => status === 201);
    expect(made).to.have.length(7);
    for (const answer of answers.filter(({ status }) => status !== 201))
      expect(refusal(answer)).to.deep.equal([...FORBIDDEN, 'invite_invalid']);
    expect(await usesOf(id)).to.equal(7);
    const accounts = await auth.ctx.db('accounts').whereIn(
      'username',
      people.map(({ username }) => username),
    );
    expect(accounts).to.have.length(7);
    await twin.close();
  });

  it('are not used by a registration that fails: a taken name, at once too, a bad password, a blocked name', async () => {
    const { id, code } = await create({ max_uses: 10 });
    const first = person({ invite: code });
    expect((await auth.ask('post', '/users/register').send(first)).status).to.equal(201);
    expect((await register({ invite: code, username: first.username })).status).to.equal(409);
    expect((await register({ invite: code, email: first.email })).status).to.equal(409);
    expect((await register({ invite: code, password: 'short' })).status).to.equal(400);
    expect(await usesOf(id)).to.equal(1);
    const same = person({ invite: code });
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) => register({ ...same, email: `${i}${same.email}` })),
    );
    expect(answers.map(({ status }) => status).sort()).to.deep.equal([201, ...Array(7).fill(409)]);
    expect(await usesOf(id)).to.equal(2);
  });

  it('that are unknown, expired, used up or deleted are refused alike', async () => {
    const expired = await create();
    await auth.ctx
      .db('invites')
      .where('id', expired.id)
      .update({ expires_at: new Date(Date.now() - 1) });
    const deleted = await create();
    expect((await auth.inside('delete', `/internal/invites/${deleted.id}`)).status).to.equal(204);
    expect((await auth.inside('delete', `/internal/invites/${deleted.id}`)).status).to.equal(404);
    const bodies = new Set<string>();
    for (const invite of [expired.code, deleted.code, 'unknown', `${(await create()).code}x`, '']) {
      const answer = await register({ invite });
      if (invite === '') expect(answer.status).to.equal(400);
      else {
        expect(refusal(answer), invite).to.deep.equal([...FORBIDDEN, 'invite_invalid']);
        bodies.add(answer.body.message);
      }
    }
    expect(bodies.size).to.equal(1);
  });

  it('that another registration uses up after the look are refused, and no account is left', async () => {
    const { code } = await create();
    const late = person({ invite: code });
    const { withSlot } = auth.ctx.hasher;
    // While the password is hashed, somebody else is faster.
    auth.ctx.hasher.withSlot = async (job) => {
      const result = await withSlot(job);
      await auth.ctx.db('invites').update({ uses: auth.ctx.db.ref('max_uses') });
      return result;
    };
    const answer = await auth.ask('post', '/users/register').send(late);
    auth.ctx.hasher.withSlot = withSlot;
    expect(refusal(answer)).to.deep.equal([...FORBIDDEN, 'invite_invalid']);
    expect(await auth.ctx.db('accounts').where('username', late.username)).to.deep.equal([]);
  });

  it('with rooms tell the message service in the transaction of the account', async () => {
    const { code } = await create({ rooms: ['lobby', 'news'] });
    const { body } = await register({ invite: code });
    const facts = await auth.ctx.db('outbox').where('name', 'account.invited');
    expect(facts.map(({ payload }) => payload)).to.have.length(1);
    expect(facts[0].payload).to.deep.include({ user_id: body.user.id, rooms: ['lobby', 'news'] });
    const none = await create();
    await register({ invite: none.code });
    expect(await auth.ctx.db('outbox').where('name', 'account.invited')).to.have.length(1);
  });

  it('are also honoured where everybody may register', async () => {
    const open = await openAuth();
    const { body } = await open
      .inside('post', '/internal/invites')
      .send({ id: newId('inv'), max_uses: 1, rooms: ['lobby'] });
    const post = (more: object) => open.ask('post', '/users/register').send(person(more));
    expect((await post({ invite: body.code })).status).to.equal(201);
    expect(refusal(await post({ invite: body.code }))).to.deep.equal([...FORBIDDEN, 'invite_invalid']);
    expect((await post({})).status).to.equal(201);
    await open.close();
  });

  it('are listed newest first with a cursor, and swept 30 days after their end', async () => {
    const [old, ended, live] = [await create(), await create(), await create({ expires_at: '2099-01-01T00:00:00Z' })];
    const ago = (days: number) => new Date(Date.now() - days * 86_400_000);
    await auth.ctx
      .db('invites')
      .where('id', old.id)
      .update({ expires_at: ago(31) });
    await auth.ctx
      .db('invites')
      .where('id', ended.id)
      .update({ expires_at: ago(29) });
    await deleteExpired(auth.ctx);
    const first = await list('limit=1');
    expect(first.invites.map(({ id }: { id: string }) => id)).to.deep.equal([live.id]);
    expect(first.invites[0].expires_at).to.equal('2099-01-01T00:00:00.000Z');
    const second = await list(`limit=1&cursor=${first.next_cursor}`);
    expect([second.invites[0].id, second.has_more]).to.deep.equal([ended.id, true]);
    expect(await usesOf(old.id)).to.equal(undefined);
  });
});
