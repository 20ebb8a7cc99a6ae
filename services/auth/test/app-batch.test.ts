import { served } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { type App, openApp, outcome } from './app-harness.ts';

const MAX_BYTES = 4 * 1024 * 1024;

describe('a batch of an application’s users', () => {
  let app: App;
  before(async () => {
    app = await openApp();
  });
  after(() => app?.stop());
  afterEach(() => {
    app.users.away = false;
  });
  const statuses = (body: any): string[] => body.results.map(({ status }: { status: string }) => status);
  const ids = (stem: string, count: number) =>
    Array.from({ length: count }, (_, i) => ({ external_id: `${stem}${i}` }));

  it('one bad of 1,000 fails alone, and the order is that of the request', async () => {
    const users: object[] = ids('thousand', 1000);
    users[500] = { external_id: 'thousand500', email: 'no email' };
    const { status, body } = await served(() => app.batch(users));
    expect(status).to.equal(200);
    expect(body.results.map(({ external_id }: any) => external_id)).to.deep.equal(
      ids('thousand', 1000).map((u) => u.external_id),
    );
    expect(statuses(body).filter((one) => one === 'created')).to.have.length(999);
    expect(body.results[500]).to.deep.include({ status: 'failed' });
    expect(body.results[500].error).to.deep.include({ code: 'VALIDATION_ERROR' });
    expect(body.results[500].error.details.fields[0].path).to.equal('email');
    expect(body.results[500]).to.not.have.property('user');
    expect(body.results[3].user).to.include({ external_id: 'thousand3', status: 'active' });
    expect(await app.facts('accounts.created')).to.have.length(999);
    expect((await app.facts('staff.acted_on_many'))[0].acts).to.have.length(999);
    const again = await served(() => app.batch(users));
    expect(statuses(again.body).filter((one) => one === 'updated')).to.have.length(999);
  });

  it('takes as many statements for 1,000 users as for 10', async () => {
    const count = async (stem: string, size: number): Promise<number> => {
      let queries = 0;
      // Without those of the sweeps and of the relay, which run beside it.
      const counted = ({ sql }: { sql: string }) => void (/outbox|due_at/.test(sql) || queries++);
      app.auth.ctx.db.on('query', counted);
      const users = ids(stem, size).map((one, i) => ({ ...one, bio: `bio ${i}`, username: `${stem}-${i}` }));
      const { status } = await served(() => {
        queries = 0;
        return app.batch(users);
      });
      expect(status).to.equal(200);
      app.auth.ctx.db.removeListener('query', counted);
      return queries;
    };
    // The least of three: sweeps that run meanwhile add theirs.
    const least = async (stem: string, size: number): Promise<number> =>
      Math.min(await count(`${stem}a`, size), await count(`${stem}b`, size), await count(`${stem}c`, size));
    expect(Math.abs((await least('many', 1000)) - (await least('few', 10)))).to.be.at.most(4);
  });

  it('bad items of every kind fail alone', async () => {
    const { body } = await app.batch([
      { external_id: 'good one' },
      null,
      7,
      'text',
      [],
      {},
      { external_id: 5 },
      { external_id: '..' },
      { external_id: '\ud800' },
      { external_id: 'nul\u0000', display_name: 'x' },
      { external_id: 'nul in custom', custom: { a: '\u0000' } },
      { external_id: 'x'.repeat(5000) },
      JSON.parse('{"external_id": "proto", "__proto__": {"role": "admin"}}'),
      { external_id: 'other field', role: 'admin' },
      { external_id: 'good two', custom: { a: 1 } },
    ]);
    expect(statuses(body)).to.deep.equal(['created', ...Array(13).fill('failed'), 'created']);
    expect(body.results.map(({ external_id }: any) => external_id?.slice(0, 12) ?? null)).to.deep.equal([
      ...['good one', null, null, null, null, null, null, '..', '\ufffd', 'nul\u0000', 'nul in custo', 'xxxxxxxxxxxx'],
      ...['proto', 'other field', 'good two'],
    ]);
    for (const { error } of body.results.slice(1, 14)) expect(error.code).to.equal('VALIDATION_ERROR');
  });

  it('of two that want the same, the first gets it', async () => {
    await app.auth.register('before');
    const { body } = await app.batch([
      { external_id: 'same', display_name: 'First' },
      { external_id: 'same', display_name: 'Second' },
      { external_id: 'other 1', username: 'shared' },
      { external_id: 'other 2', username: 'SHARED' },
      { external_id: 'other 3', email: 'shared@example.com' },
      { external_id: 'other 4', email: 'Shared@example.com' },
      { external_id: 'other 5', username: 'before' },
    ]);
    expect(statuses(body)).to.deep.equal(['created', 'failed', 'created', 'failed', 'created', 'failed', 'failed']);
    expect(body.results[0].user.display_name).to.equal('First');
    expect(body.results[1].error).to.deep.include({ code: 'CONFLICT', details: { reason: 'duplicate' } });
    expect(body.results[3].error.details.fields).to.deep.equal([
      { path: 'username', message: 'this username is taken' },
    ]);
    expect(body.results[5].error.details.fields[0].path).to.equal('email');
  });

  it('creates, changes and refuses in one', async () => {
    await app.batch([
      { external_id: 'mixed 1', bio: 'old' },
      { external_id: 'mixed admin' },
      { external_id: 'mixed 2' },
    ]);
    const admin = (await app.get('mixed admin')).body.id;
    await app.auth.inside('put', `/internal/accounts/${admin}/role`).send({ role: 'admin' }).expect(200);
    await app.put('mixed large', { custom: { a: 'x'.repeat(3000) } });
    const { body } = await app.batch([
      { external_id: 'mixed 1', bio: 'new', username: 'mixed-one' },
      { external_id: 'mixed admin', email: 'a@example.com' },
      { external_id: 'mixed large', custom: { b: 'x'.repeat(3000) } },
      { external_id: 'mixed new', avatar_url: 'https://example.com/n.png' },
      { external_id: 'mixed 2' },
    ]);
    expect(statuses(body)).to.deep.equal(['updated', 'failed', 'failed', 'created', 'updated']);
    expect(body.results[0].user).to.include({ bio: 'new', username: 'mixed-one' });
    expect(body.results[1].error.details).to.deep.equal({ reason: 'admin' });
    expect(body.results[2].error.details.fields[0].path).to.equal('custom');
    expect(body.results[3].user.avatar_url).to.equal('https://example.com/n.png');
  });

  it('batches at once with the same users in other orders make each once', async () => {
    for (let i = 0; i < 5; i++) {
      const users = ids(`race ${i} `, 60).map((one, k) => ({ ...one, username: `race-${i}-${k}` }));
      const swapped = users.map(({ username }, k) => ({ external_id: `other ${i} ${k}`, username })).reverse();
      const answers = await Promise.all([app.batch(users), app.batch([...users].reverse()), app.batch(swapped)]);
      expect(answers.map(({ status }) => status)).to.deep.equal([200, 200, 200]);
      const rows = await app.auth.ctx.db('accounts').where('username', 'like', `race-${i}-%`);
      expect(rows).to.have.length(60);
    }
  });

  it('refuses no list, an empty one, 1,001 and unknown fields', async () => {
    for (const users of [undefined, null, {}, 'x', [], ids('over', 1001)])
      expect(outcome(await app.batch(users))).to.deep.equal([400, 'VALIDATION_ERROR', undefined]);
    const extra = app.auth.ask('post', '/app/users/batch', app.key).send({ users: ids('e', 1), dry_run: true });
    expect((await extra).body.details.fields[0].path).to.equal('dry_run');
  });

  it('takes a body of 4 MiB, and refuses one of a byte more', async () => {
    const bodyOf = (bytes: number): string => {
      const bare = JSON.stringify({ users: [{ external_id: 'large', pad: '' }] });
      return JSON.stringify({ users: [{ external_id: 'large', pad: 'x'.repeat(bytes - bare.length) }] });
    };
    const send = (bytes: number) =>
      app.auth.ask('post', '/app/users/batch', app.key).set('content-type', 'application/json').send(bodyOf(bytes));
    const whole = await send(MAX_BYTES);
    expect([whole.status, statuses(whole.body)]).to.deep.equal([200, ['failed']]);
    expect(outcome(await send(MAX_BYTES + 1))).to.deep.equal([413, 'PAYLOAD_TOO_LARGE', undefined]);
    const deep = await app.auth
      .ask('post', '/app/users/batch', app.key)
      .set('content-type', 'application/json')
      .send(`{"users":[{"external_id":"deep","custom":${'{"a":'.repeat(600_000)}1${'}'.repeat(600_000)}}]}`);
    expect([deep.status, statuses(deep.body)]).to.deep.equal([200, ['failed']]);
  });

  it('answers 503 as a whole while the user service is away, and does all when repeated', async () => {
    app.users.away = true;
    const users = ids('away', 3).map((one) => ({ ...one, bio: 'here' }));
    expect((await app.batch(users)).status).to.equal(503);
    app.users.away = false;
    const { body } = await app.batch(users);
    expect(body.results.map(({ user }: any) => user.bio)).to.deep.equal(['here', 'here', 'here']);
  });
});
