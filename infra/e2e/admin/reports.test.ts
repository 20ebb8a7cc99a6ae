// Reports: who may report what, the queue of moderators, and the audit log.
import { expect } from 'chai';
import {
  type Account,
  type Json,
  loginAdmin,
  register,
  registerModerator,
  rest,
  say,
  unique,
} from '../support/client.ts';
import { expectError, expectInvalid, TIME } from '../support/expects.ts';
import '../support/shared-cluster.ts';

describe('reports', () => {
  let admin: Account;
  let mod: Account;
  let ann: Account;
  let bob: Account;
  before(async () => {
    [admin, ann, bob, mod] = [
      await loginAdmin(),
      await register('ann'),
      await register('bob'),
      await registerModerator(),
    ];
  });
  const file = (body: object, who = ann) => rest(who).post('/reports', body);
  const queue = async (query: string, who = mod): Promise<Json> =>
    (await rest(who).get(`/admin/reports?${query}`).expect(200)).body;

  it('a user reports a message, a file and a user; moderators see the target', async () => {
    const chat_id = unique('public');
    const message = await say(bob, { chat_id, content: 'nasty words' });
    const upload = await rest(ann).post('/files/upload').attach('file', Buffer.from('mine'), 'a.txt').expect(201);
    const targets = { message: message.id, file: upload.body.id, user: bob.id };
    for (const [target_type, target_id] of Object.entries(targets)) {
      const { body } = await file({ target_type, target_id, reason: 'Not nice' }).expect(201);
      expect(body).to.include({ reporter_id: ann.id, target_type, target_id, reason: 'Not nice', status: 'open' });
      expect(body.created_at).to.match(TIME);
      const { reports } = await queue(`target_id=${target_id}`);
      expect(reports.map((one: Json) => one.id)).to.deep.equal([body.id]);
      expect(reports[0].message?.content ?? null).to.equal(target_type === 'message' ? 'nasty words' : null);
    }
    await rest(bob).delete(`/messages/${message.id}`).expect(204);
    expect((await queue(`target_id=${message.id}`)).reports[0].message).to.include({ content: '', is_deleted: true });
  });

  it('a target that the reporter may not see is not found', async () => {
    const chat_id = unique('hidden');
    await rest(bob).post('/rooms', { chat_id, visibility: 'private' }).expect(201);
    const message = await say(bob, { chat_id, content: 'secret' });
    const upload = await rest(bob).post('/files/upload').attach('file', Buffer.from('his'), 'b.txt').expect(201);
    for (const [target_type, target_id] of [
      ['message', message.id],
      ['message', 'msg_none'],
      ['file', upload.body.id],
      ['file', 'file_none'],
      ['user', 'usr_none'],
    ])
      expectError(await file({ target_type, target_id, reason: 'r' }), 404, 'RESOURCE_NOT_FOUND');
    await rest(bob).post(`/rooms/${chat_id}/members`, { user_id: ann.id }).expect(201);
    await file({ target_type: 'message', target_id: message.id, reason: 'r' }).expect(201);
  });

  it('the same report again returns the first; a new one is possible once it is settled', async () => {
    const eve = await register('eve');
    const body = { target_type: 'user', target_id: eve.id, reason: 'spam' };
    const first = (await file(body).expect(201)).body;
    const again = await Promise.all(Array.from({ length: 5 }, () => file({ ...body, reason: 'other words' })));
    for (const answer of again) expect(answer.body).to.deep.equal(first);
    await file(body, bob).expect(201);
    expect((await queue(`target_id=${eve.id}`)).reports).to.have.length(2);
    await rest(mod).post(`/admin/reports/${first.id}/dismiss`).expect(200);
    expect((await file(body).expect(201)).body.id).to.not.equal(first.id);
  });

  it('invalid reports are refused', async () => {
    expectInvalid(await file({ target_type: 'room', target_id: 'general', reason: 'r' }), 'target_type');
    expectInvalid(await file({ target_type: 'user', target_id: bob.id }), 'reason');
    expectInvalid(await file({ target_type: 'user', target_id: bob.id, reason: 'x'.repeat(501) }), 'reason');
    expectInvalid(await file({ target_type: 'user', target_id: bob.id, reason: 'r', status: 'open' }), 'status');
    expectError(await rest().post('/reports', {}), 401, 'AUTHENTICATION_ERROR');
    expectInvalid(await rest(mod).get('/admin/reports?status=odd'), 'status');
  });

  it('the queue is filtered and paged, with an exact has_more', async () => {
    const about = await register('many');
    for (let i = 0; i < 5; i++)
      await file({ target_type: 'user', target_id: about.id, reason: `r${i}` }, await register('reporter')).expect(201);
    const pages = [await queue(`target_id=${about.id}&limit=3`), await queue(`target_id=${about.id}&limit=3&skip=3`)];
    expect(pages.map(({ has_more }) => has_more)).to.deep.equal([true, false]);
    expect(pages.flatMap(({ reports }) => reports.map((one: Json) => one.reason))).to.deep.equal(
      [4, 3, 2, 1, 0].map((i) => `r${i}`),
    );
    expect((await queue(`target_id=${about.id}&limit=5`)).has_more).to.equal(false);
    await rest(mod).post(`/admin/reports/${pages[0].reports[0].id}/resolve`).expect(200);
    expect((await queue(`target_id=${about.id}&status=open`)).reports).to.have.length(4);
    expect((await queue(`target_id=${about.id}&status=resolved`)).reports).to.have.length(1);
  });

  it('moderators and admins settle reports, which is audited; users may neither read nor settle', async () => {
    const about = await register('about');
    const one = (await file({ target_type: 'user', target_id: about.id, reason: 'r' }).expect(201)).body;
    for (const path of ['resolve', 'dismiss'])
      expectError(await rest(ann).post(`/admin/reports/${one.id}/${path}`), 403, 'AUTHORIZATION_ERROR');
    expectError(await rest(ann).get('/admin/reports'), 403, 'AUTHORIZATION_ERROR');
    expectError(await rest(mod).post('/admin/reports/rep_none/resolve'), 404, 'RESOURCE_NOT_FOUND');
    const { body } = await rest(mod).post(`/admin/reports/${one.id}/resolve`, { note: 'warned' }).expect(200);
    expect(body).to.include({ status: 'resolved', handled_by: mod.id, note: 'warned' });
    // Repeating changes nothing; the opposite decision is a conflict.
    expect((await rest(admin).post(`/admin/reports/${one.id}/resolve`).expect(200)).body.handled_by).to.equal(mod.id);
    expectError(await rest(mod).post(`/admin/reports/${one.id}/dismiss`), 409, 'CONFLICT');
    const { entries } = (await rest(admin).get(`/admin/audit-log?target_id=${one.id}`).expect(200)).body;
    expect(entries).to.have.length(1);
    expect(entries[0]).to.include({ action: 'report.resolve', actor_id: mod.id, outcome: 'done' });
    expect(entries[0].details).to.include({ target_id: about.id, note: 'warned' });
  });

  it('a moderator handles reports and bans nobody', async () => {
    expectError(await rest(mod).post(`/admin/users/${bob.id}/ban`), 403, 'AUTHORIZATION_ERROR');
    expectError(await rest(mod).put('/admin/word-filter', { words: [] }), 403, 'AUTHORIZATION_ERROR');
    expectError(await rest(mod).post('/admin/announcements', { text: 'x' }), 403, 'AUTHORIZATION_ERROR');
  });
});
