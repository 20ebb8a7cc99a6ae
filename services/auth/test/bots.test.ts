import type { Identity } from '@chatapi/kit/auth';
import { credentialHash } from '@chatapi/kit/auth';
import { keyIdentity, userIdentity } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { type App, openApp, outcome } from './app-harness.ts';
import type { Person } from './harness.ts';

const ALL = keyIdentity('users:read', 'users:write', 'tokens:write', 'messages:read', 'messages:write');

describe('bots in auth', () => {
  let app: App;
  let ann: Person;
  let admin: Identity;
  before(async () => {
    app = await openApp({ BOTS: 'everyone' });
    ann = await app.auth.register('ann-with-bots');
    admin = userIdentity((await app.auth.register('chief-of-bots')).id, 'admin');
  });
  after(() => app.stop());

  const ask = (method: 'get' | 'post' | 'put' | 'delete', path: string, as: Identity) => app.auth.ask(method, path, as);
  const create = (as: Identity, body: object) => ask('post', '/bots', as).send(body);
  const asAnn = (): Identity => app.auth.as(ann);
  const grantOf = async (token: string) =>
    (await app.auth.inside('post', '/internal/credentials/find').send({ token_hash: credentialHash(token) })).body
      .grant;

  it('an owner makes one, with a profile, an entry on record and no way to log in', async () => {
    const { status, body } = await create(asAnn(), {
      username: 'helper-bot',
      display_name: 'Helper',
      avatar_url: 'https://example.com/bot.png',
      description: 'answers questions',
    });
    expect(status).to.equal(201);
    expect(body).to.include({
      username: 'helper-bot',
      display_name: 'Helper',
      bio: 'answers questions',
      avatar_url: 'https://example.com/bot.png',
      kind: 'bot',
      owner_id: ann.id,
      email: null,
      role: 'user',
    });
    expect((await app.facts('account.created', body.id))[0]).to.include({ kind: 'bot', username: 'helper-bot' });
    const acts = await app.facts('staff.acted');
    expect(acts.at(-1)).to.include({ action: 'bot.create', actor_id: ann.id, target_id: body.id });
    for (const password of ['', 'null', 'securepassword123'])
      expect((await app.auth.login('helper-bot', password)).status).to.be.oneOf([400, 401]);
  });

  it('can’t become an admin: its owner and applications make its tokens', async () => {
    const { body } = await create(asAnn(), { username: 'climbing-bot' });
    const change = (role: string) => app.auth.inside('put', `/internal/accounts/${body.id}/role`).send({ role });
    expect(outcome(await change('admin'))).to.deep.equal([409, 'CONFLICT', 'bot']);
    await change('moderator').expect(200);
  });

  it('a taken or blocked username is CONFLICT, also when two ask at once', async () => {
    expect(outcome(await create(asAnn(), { username: ann.username.toUpperCase() }))).to.deep.equal([
      409,
      'CONFLICT',
      undefined,
    ]);
    const both = await Promise.all([0, 1].map(() => create(asAnn(), { username: 'two-at-once' })));
    expect(both.map(({ status }) => status).sort()).to.deep.equal([201, 409]);
    const gone = await create(asAnn(), { username: 'soon-gone' });
    expect((await ask('delete', `/bots/${gone.body.id}`, asAnn())).status).to.equal(204);
    expect((await create(asAnn(), { username: 'soon-gone' })).status).to.equal(409);
  });

  it('a username that another transaction takes meanwhile is CONFLICT', async () => {
    let commit = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      commit = resolve;
    });
    const other = app.auth.ctx.db.transaction(async (trx) => {
      await trx.raw(
        `insert into accounts (user_id, username, username_key, display_name, created_at, updated_at)
         values ('usr_other_bot', 'meanwhile-bot', 'meanwhile-bot', '', now(), now())`,
      );
      await held;
    });
    const asked = create(asAnn(), { username: 'meanwhile-bot' }).then((answer) => answer);
    await new Promise((resolve) => setTimeout(resolve, 300));
    commit();
    await other;
    expect((await asked).status).to.equal(409);
  });

  it('is listed in pages', async () => {
    const eve = app.auth.as(await app.auth.register('eve-of-pages'));
    for (const n of [1, 2, 3]) await create(eve, { username: `page-${n}-bot` });
    const first = (await ask('get', '/bots?limit=2', eve)).body;
    const second = (await ask('get', `/bots?limit=2&cursor=${first.next_cursor}`, eve)).body;
    const names = [...first.bots, ...second.bots].map(({ username }) => username);
    expect(names).to.deep.equal(['page-3-bot', 'page-2-bot', 'page-1-bot']);
  });

  it('is managed by its owner and admins, and unknown to others, to keys and to bots', async () => {
    const { id } = (await create(asAnn(), { username: 'managed-bot' })).body;
    const bob = app.auth.as(await app.auth.register('bob-without-bots'));
    const itself: Identity = { ...ALL, kind: 'bot', user_id: id };
    expect((await ask('put', `/bots/${id}`, bob).send({ display_name: 'Mine' })).status).to.equal(404);
    expect((await ask('delete', `/bots/${id}`, bob)).status).to.equal(404);
    expect((await ask('get', `/bots/${id}/tokens`, bob)).status).to.equal(404);
    expect((await ask('put', `/bots/${id}`, itself).send({ display_name: 'Mine' })).status).to.equal(403);
    expect((await create(itself, { username: 'bot-of-bot' })).status).to.equal(403);
    expect((await ask('get', '/bots', itself)).status).to.equal(403);
    expect((await ask('put', `/bots/${id}`, ALL).send({ display_name: 'Mine' })).status).to.equal(404);
    expect((await ask('delete', `/bots/${id}`, ALL)).status).to.equal(404);
    for (const who of [asAnn(), admin]) {
      const { body } = await ask('put', `/bots/${id}`, who).send({ description: `by ${who.kind}` });
      expect(body.bio).to.equal(`by ${who.kind}`);
    }
    expect((await ask('get', '/bots', bob)).body.bots).to.deep.equal([]);
    expect((await ask('get', '/bots', admin)).body.bots.map((one: { id: string }) => one.id)).to.include(id);
  });

  it('is renamed, with the fact that tells others', async () => {
    const { id } = (await create(asAnn(), { username: 'old-name-bot' })).body;
    const renamed = await ask('put', `/bots/${id}`, asAnn()).send({ username: 'new-name-bot', display_name: 'New' });
    expect(renamed.body).to.include({ id, username: 'new-name-bot', display_name: 'New', kind: 'bot' });
    expect((await app.facts('account.updated', id)).at(-1)).to.include({ username: 'new-name-bot', kind: 'bot' });
    expect((await ask('put', `/bots/${id}`, asAnn()).send({ username: 'new-name-bot' })).status).to.equal(200);
    expect((await ask('put', `/bots/${id}`, asAnn()).send({ username: ann.username })).status).to.equal(409);
    expect((await ask('put', `/bots/${id}`, asAnn()).send({})).status).to.equal(400);
  });

  it('of an application has no owner', async () => {
    const { body } = await create(ALL, { username: 'app-bot' });
    expect(body).to.include({ owner_id: null, display_name: 'app-bot' });
    expect((await ask('get', '/bots', asAnn())).body.bots.map((one: { id: string }) => one.id)).to.not.include(body.id);
    expect((await ask('get', '/bots', ALL)).body.bots.map((one: { id: string }) => one.id)).to.include(body.id);
    expect((await ask('put', `/bots/${body.id}`, ALL).send({ display_name: 'App' })).status).to.equal(200);
  });

  it('of an incoming webhook is made once, by integration, is no bot of anybody, and retires', async () => {
    const user_id = 'usr_hookbot1';
    const make = () =>
      app.auth.inside('post', '/internal/hook-bots').send({ user_id, display_name: 'Disk & Co' }).expect(200);
    const made = (await make()).body;
    expect(made.username).to.match(/^disk-co-[a-z0-9]{8}$/);
    expect((await make()).body).to.deep.equal(made);
    const told = await app.facts('account.created', user_id);
    expect(told).to.have.length(1);
    expect(told[0]).to.include({ kind: 'bot', display_name: 'Disk & Co' });
    expect((await ask('get', `/bots/${user_id}/tokens`, admin)).status).to.equal(404);
    expect(
      (await ask('post', `/bots/${user_id}/tokens`, ALL).send({ name: 'x', scopes: ['users:read'] })).status,
    ).to.equal(404);
    const retire = (id: string) => app.auth.inside('post', `/internal/hook-bots/${id}/retire`);
    for (let n = 0; n < 2; n++) await retire(user_id).expect(204);
    expect((await app.facts('account.updated', user_id)).map(({ status }) => status)).to.deep.equal(['deactivated']);
    await retire('usr_nobody').expect(204);
    const { id } = (await create(ALL, { username: 'no-hook-bot' })).body;
    for (const other of [id, ann.id]) await retire(other).expect(404);
    await app.auth.inside('post', '/internal/hook-bots').send({ user_id: ann.id, display_name: 'Ann' }).expect(404);
  });

  it('of an incoming webhook is refused with 503 when no username is found free', async () => {
    const { db } = app.auth.ctx;
    await db.raw(`create function taken() returns trigger language plpgsql as 'begin return null; end'`);
    await db.raw(`create trigger taken before insert on accounts for each row
      when (new.username like 'all-taken-%') execute function taken()`);
    const body = { user_id: 'usr_hookbot2', display_name: 'All taken' };
    await app.auth.inside('post', '/internal/hook-bots').send(body).expect(503);
    await db.raw('drop trigger taken on accounts');
    await app.auth.inside('post', '/internal/hook-bots').send(body).expect(200);
  });

  it('people make at most 20; with BOTS=admins they make none', async () => {
    const cat = app.auth.as(await app.auth.register('cat-of-many'));
    const made = await Promise.all(Array.from({ length: 22 }, (_, i) => create(cat, { username: `many-${i}-bot` })));
    expect(made.filter(({ status }) => status === 201)).to.have.length(20);
    expect(outcome(made.find(({ status }) => status !== 201) as never)).to.deep.equal([409, 'CONFLICT', 'limit']);
    const strict = await openApp();
    try {
      const dan = await strict.auth.register('dan-strict');
      const refused = await strict.auth.ask('post', '/bots', strict.auth.as(dan)).send({ username: 'dans-bot' });
      expect(outcome(refused)).to.deep.equal([403, 'AUTHORIZATION_ERROR', 'bots']);
    } finally {
      await strict.stop();
    }
  });

  describe('tokens', () => {
    const token = (id: string, as: Identity, body: object = {}) =>
      ask('post', `/bots/${id}/tokens`, as).send({ name: 'token', scopes: ['messages:read'], ...body });

    it('grant the account of the bot, within scopes and rooms, until they end', async () => {
      const bot = (await create(asAnn(), { username: 'token-bot' })).body;
      const { status, body } = await token(bot.id, asAnn(), { rooms: ['general'] });
      expect(status).to.equal(201);
      expect(body.token).to.match(/^cbt_[A-Za-z0-9_-]{43}$/);
      expect(await grantOf(body.token)).to.deep.include({
        id: body.id,
        kind: 'bot',
        user_id: bot.id,
        role: 'user',
        status: 'active',
        scopes: ['messages:read'],
        rooms: ['general'],
      });
      const { tokens } = (await ask('get', `/bots/${bot.id}/tokens`, asAnn())).body;
      expect(tokens).to.have.length(1);
      expect(tokens[0]).to.include({ id: body.id, last_used_at: null }).and.not.have.property('token');
      expect((await ask('delete', `/bots/${bot.id}/tokens/${body.id}`, asAnn())).status).to.equal(204);
      expect((await ask('delete', `/bots/${bot.id}/tokens/${body.id}`, asAnn())).status).to.equal(404);
      expect(await grantOf(body.token)).to.equal(null);
      const { revocations } = (await app.auth.inside('get', '/internal/revocations')).body;
      expect(revocations.at(-1)).to.include({ kind: 'session', subject: body.id });
    });

    it('are at most 10, and end with the bot', async () => {
      const bot = (await create(asAnn(), { username: 'ten-token-bot' })).body;
      const made = await Promise.all(Array.from({ length: 12 }, () => token(bot.id, asAnn())));
      const good = made.filter(({ status }) => status === 201);
      expect(good).to.have.length(10);
      expect(outcome(made.find(({ status }) => status !== 201) as never)).to.deep.equal([409, 'CONFLICT', 'limit']);
      await ask('delete', `/bots/${bot.id}`, admin);
      expect(await grantOf(good[0]?.body.token)).to.equal(null);
      expect((await token(bot.id, asAnn())).status).to.equal(404);
    });

    it('a key gives no scope that it lacks', async () => {
      const bot = (await create(ALL, { username: 'scoped-bot' })).body;
      expect((await token(bot.id, ALL, { scopes: ['messages:read', 'messages:write'] })).status).to.equal(201);
      const refused = await token(bot.id, ALL, { scopes: ['files:read'] });
      expect(outcome(refused)).to.deep.equal([403, 'AUTHORIZATION_ERROR', 'scope']);
    });

    it('a banned bot stays banned for its tokens', async () => {
      const bot = (await create(asAnn(), { username: 'banned-bot' })).body;
      const made = (await token(bot.id, asAnn())).body;
      await app.auth.inside('post', `/internal/accounts/${bot.id}/ban`).send({ actor_id: 'usr_admin', reason: 'spam' });
      expect((await grantOf(made.token)).status).to.equal('banned');
    });
  });
});
