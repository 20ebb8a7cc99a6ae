import { newId } from '@chatapi/kit';
import { credentialHash } from '@chatapi/kit/auth';
import { expect } from 'chai';
import { type Auth, openAuth } from './harness.ts';

describe('application keys in auth', () => {
  let auth: Auth;
  before(async () => {
    auth = await openAuth();
  });
  after(() => auth.close());

  const make = (more: object = {}) =>
    auth.inside('post', '/internal/keys').send({ id: newId('key'), name: 'app', scopes: ['users:read'], ...more });
  const find = (token: string) =>
    auth.inside('post', '/internal/credentials/find').send({ token_hash: credentialHash(token) });
  const end = (id: string) => auth.inside('delete', `/internal/keys/${id}`);

  it('stores a hash, and finds the grant by it', async () => {
    const { body } = await make({ scopes: ['users:read', 'act_as', 'act_as'], expires_at: '2999-01-01T00:00:00.000Z' });
    const { rows } = await auth.ctx.db.raw(`select * from credentials where credential_id = ?`, [body.id]);
    expect(JSON.stringify(rows[0])).to.not.contain(body.key);
    expect((await find(body.key)).body.grant).to.deep.include({
      id: body.id,
      kind: 'key',
      user_id: body.id,
      role: 'user',
      status: 'active',
      scopes: ['users:read', 'act_as'],
      expires_at: '2999-01-01T00:00:00.000Z',
    });
    expect((await find(`${body.key}x`)).body).to.deep.equal({ grant: null });
    await end(body.id);
  });

  it('a key that moderates has the role of moderators', async () => {
    const { body } = await make({ scopes: ['moderation:write'] });
    expect((await find(body.key)).body.grant.role).to.equal('moderator');
    await end(body.id);
  });

  it('an ended key is unknown, and gateways learn of it as of a session', async () => {
    const { body } = await make();
    expect((await end(body.id)).status).to.equal(204);
    expect((await end(body.id)).status).to.equal(404);
    expect((await find(body.key)).body).to.deep.equal({ grant: null });
    const { revocations } = (await auth.inside('get', '/internal/revocations')).body;
    expect(revocations.at(-1)).to.include({ kind: 'session', subject: body.id });
  });

  it('there are at most 50, also when many are made at once', async () => {
    const answers = await Promise.all(Array.from({ length: 55 }, () => make()));
    const made = answers.filter(({ status }) => status === 200);
    expect(made).to.have.length(50);
    for (const { status, body } of answers.filter((one) => one.status !== 200))
      expect([status, body.code, body.details.reason]).to.deep.equal([409, 'CONFLICT', 'limit']);
    const first = (await auth.inside('get', '/internal/keys?limit=30')).body;
    const second = (await auth.inside('get', `/internal/keys?limit=30&cursor=${first.next_cursor}`)).body;
    const ids = [...first.keys, ...second.keys].map(({ id }) => id);
    expect(ids).to.deep.equal(
      made
        .map(({ body }) => body.id)
        .sort()
        .reverse(),
    );
    await Promise.all(ids.map(end));
  });

  it('keeps the latest use, whatever the order in which gateways tell it', async () => {
    const { body } = await make();
    const use = (at: string) =>
      auth.inside('post', '/internal/credentials/used').send({
        used: [
          { id: body.id, at },
          { id: 'key_none', at },
        ],
      });
    await use('2026-01-02T00:00:00.000Z');
    await use('2026-01-01T00:00:00.000Z');
    const { keys } = (await auth.inside('get', '/internal/keys')).body;
    expect(keys[0]).to.include({ id: body.id, last_used_at: '2026-01-02T00:00:00.000Z' });
    await use('2999-01-01T00:00:00.000Z');
    const again = (await auth.inside('get', '/internal/keys')).body.keys[0];
    expect(Date.parse(again.last_used_at)).to.be.at.most(Date.now() + 1000);
    await end(body.id);
  });

  it('finds the person as whom a key acts', async () => {
    const ann = await auth.register('ann-acted');
    const person = (body: object) => auth.inside('post', '/internal/people/find').send(body);
    expect((await person({ user_id: ann.id })).body.person).to.include({
      user_id: ann.id,
      role: 'user',
      status: 'active',
    });
    expect((await person({ user_id: 'usr_none' })).body).to.deep.equal({ person: null });
    expect((await person({})).status).to.equal(400);
  });
});
