import { expect } from 'chai';
import { type Account, type Json, loginAdmin, register, rest } from '../support/client.ts';
import { gateway, nodes } from '../support/cluster.ts';
import { expectError, expectInvalid, TIME } from '../support/expects.ts';
import { inlined } from '../support/openapi.ts';
import { closeAll, connect } from '../support/socket.ts';
import '../support/shared-cluster.ts';

describe('announcements', () => {
  let admin: Account;
  let ann: Account;
  before(async () => {
    [admin, ann] = [await loginAdmin(), await register('ann')];
  });
  afterEach(closeAll);

  it('reach every connected socket on every node once, and are listed for others', async () => {
    const people = [ann, await register('bob'), admin];
    const lives = await Promise.all(people.flatMap((who) => nodes().map((url) => connect(who, url))));
    const { body } = await rest(admin).post('/admin/announcements', { text: 'Tea <b>at</b> five' }).expect(201);
    expect(body).to.include({ text: 'Tea <b>at</b> five', created_by: admin.id });
    for (const live of lives) {
      const frame = await live.next('announcement', (f) => f.id === body.id);
      expect(frame).to.deep.equal({ type: 'announcement', id: body.id, text: body.text, created_at: body.created_at });
    }
    await Promise.all(lives.map((live) => live.never('announcement', 1500)));
    const away = await register('away');
    const { announcements } = (await rest(away).get('/announcements?limit=5').expect(200)).body;
    expect(announcements[0]).to.deep.equal(body);
    expect(body.created_at).to.match(TIME);
    const { entries } = (await rest(admin).get(`/admin/audit-log?target_id=${body.id}`).expect(200)).body;
    expect(entries.map((e: Json) => [e.action, e.outcome])).to.deep.equal([['announcement.post', 'done']]);
  });

  it('can be created by admins only, and are paged exactly', async () => {
    expectError(await rest(ann).post('/admin/announcements', { text: 'x' }), 403, 'AUTHORIZATION_ERROR');
    expectError(await rest(ann).get('/admin/announcements'), 403, 'AUTHORIZATION_ERROR');
    expectError(await rest().get('/announcements'), 401, 'AUTHENTICATION_ERROR');
    expectInvalid(await rest(admin).post('/admin/announcements', { text: '' }), 'text');
    expectInvalid(await rest(admin).post('/admin/announcements', { text: 'x'.repeat(1001) }), 'text');
    for (const text of ['one', 'two']) await rest(admin).post('/admin/announcements', { text }).expect(201);
    const { body } = await rest(ann).get('/announcements?limit=1').expect(200);
    expect(body.announcements.map((a: Json) => a.text)).to.deep.equal(['two']);
    expect(body.has_more).to.equal(true);
    expect((await rest(admin).get('/admin/announcements?limit=1').expect(200)).body).to.deep.equal(body);
  });

  it('are described in the AsyncAPI document', async () => {
    const { body } = await rest(undefined, gateway()).get('/docs/asyncapi.json').expect(200);
    expect(inlined(body).components.messages.announcement.payload.properties).to.include.keys(
      'type',
      'id',
      'text',
      'created_at',
    );
  });
});
