// Acts on reports: context, and one act that deletes, mutes or bans and settles.
import { expect } from 'chai';
import {
  type Account,
  type Json,
  loginAdmin,
  privateRoom,
  register,
  registerModerator,
  rest,
  say,
  unique,
} from '../support/client.ts';
import { expectError, expectInvalid } from '../support/expects.ts';
import '../support/shared-cluster.ts';

const inHours = (hours: number): string => new Date(Date.now() + hours * 3_600_000).toISOString();

describe('acts on reports', () => {
  let admin: Account;
  let mod: Account;
  let ann: Account;
  let eve: Account;
  let room: string;
  before(async () => {
    [admin, mod, ann] = [await loginAdmin(), await registerModerator(), await register('ann')];
  });
  beforeEach(async () => {
    eve = await register('eve');
    room = await privateRoom(ann, [eve], 'judged');
  });
  const reported = async (content = 'nasty'): Promise<{ message: Json; report: Json }> => {
    const message = await say(eve, { chat_id: room, content });
    const target = { target_type: 'message', target_id: message.id, reason: 'bad' };
    return { message, report: (await rest(ann).post('/reports', target).expect(201)).body };
  };
  const act = (report: Json, body: object, who = mod) => rest(who).post(`/admin/reports/${report.id}/act`, body);
  const actionsOn = async (id: string): Promise<string[]> =>
    (await rest(admin).get(`/admin/audit-log?target_id=${id}`).expect(200)).body.entries.map(
      ({ action, outcome, actor_id }: Json) => `${action} ${outcome} ${actor_id}`,
    );

  it('a moderator sees ten messages on each side of a reported one, on record', async () => {
    for (let i = 0; i < 12; i++) await say(ann, { chat_id: room, content: `before ${i}` });
    const { message, report } = await reported();
    for (let i = 0; i < 12; i++) await say(ann, { chat_id: room, content: `after ${i}` });
    const { body } = await rest(mod).get(`/admin/reports/${report.id}/context`).expect(200);
    expect(body.message_id).to.equal(message.id);
    expect(body.messages.map(({ content }: Json) => content)).to.deep.equal([
      ...Array.from({ length: 10 }, (_, i) => `before ${i + 2}`),
      'nasty',
      ...Array.from({ length: 10 }, (_, i) => `after ${i}`),
    ]);
    expect(body.users).to.have.all.keys(ann.id, eve.id);
    expect(await actionsOn(report.id)).to.deep.equal([`report.context done ${mod.id}`]);
    expectError(await rest(ann).get(`/admin/reports/${report.id}/context`), 403, 'AUTHORIZATION_ERROR');
    expectError(await rest(mod).get('/admin/reports/rep_none/context'), 404, 'RESOURCE_NOT_FOUND');
  });

  it('a moderator deletes, mutes, bans for a day and settles in one act', async () => {
    const { message, report } = await reported();
    const until = inHours(23);
    const body = { note: 'gone', delete_target: true, mute: { until }, ban: { reason: 'nasty', until } };
    const settled = (await act(report, body).expect(200)).body;
    expect(settled).to.include({ status: 'resolved', handled_by: mod.id, note: 'gone' });
    expect((await rest(ann).get(`/messages/${message.id}`).expect(200)).body.is_deleted).to.equal(true);
    const { members } = (await rest(ann).get(`/rooms/${room}/members`).expect(200)).body;
    expect(members.find(({ user_id }: Json) => user_id === eve.id).muted_until).to.equal(until);
    const user = (await rest(mod).get(`/admin/users/${eve.id}`).expect(200)).body;
    expect(user.ban).to.include({ reason: 'nasty', until, by: mod.id });
    expect(await actionsOn(message.id)).to.deep.equal([`message.delete done ${mod.id}`]);
    expect(await actionsOn(report.id)).to.deep.equal([`report.resolve done ${mod.id}`]);
    expect((await act(report, body).expect(200)).body, 'repeated').to.deep.equal(settled);
    expectError(await act(report, { status: 'dismissed' }), 409, 'CONFLICT');
  });

  it('a moderator bans for at most 24 hours, and never acts on staff', async () => {
    const { report } = await reported();
    for (const ban of [{}, { until: inHours(25) }])
      expect(expectError(await act(report, { ban }), 403, 'AUTHORIZATION_ERROR').details.reason).to.equal('ban_limit');
    const other = await register('mod');
    await rest(admin).put(`/admin/users/${other.id}/role`, { role: 'moderator' }).expect(200);
    const message = await say(other, { chat_id: unique('public'), content: 'from staff' });
    const target = { target_type: 'message', target_id: message.id, reason: 'r' };
    const ofStaff = (await rest(ann).post('/reports', target).expect(201)).body;
    for (const body of [{ delete_target: true }, { mute: {} }, { ban: { until: inHours(1) } }])
      expect(expectError(await act(ofStaff, body), 403, 'AUTHORIZATION_ERROR').details.reason).to.equal('staff');
    expectError(await rest(mod).delete(`/admin/messages/${message.id}`), 403, 'AUTHORIZATION_ERROR');
    expectError(
      await rest(mod).post(`/admin/users/${other.id}/ban`, { until: inHours(1) }),
      403,
      'AUTHORIZATION_ERROR',
    );
    expect((await rest(mod).get(`/admin/reports?target_id=${message.id}&status=open`)).body.reports).to.have.length(1);
    await act(ofStaff, { delete_target: true, ban: {} }, admin).expect(200);
    expect((await rest(admin).get(`/admin/users/${other.id}`).expect(200)).body.ban.until).to.equal(null);
  });

  it('a moderator bans users for a while and deletes reported messages, and does not shorten a ban', async () => {
    const { message } = await reported();
    const silent = await say(eve, { chat_id: room, content: 'not reported' });
    const refused = expectError(await rest(mod).delete(`/admin/messages/${silent.id}`), 403, 'AUTHORIZATION_ERROR');
    expect(refused.details.reason).to.equal('not_reported');
    await rest(mod).delete(`/admin/messages/${message.id}`).expect(204);
    await rest(admin)
      .post(`/admin/users/${eve.id}/ban`, { until: inHours(100) })
      .expect(200);
    await rest(mod)
      .post(`/admin/users/${eve.id}/ban`, { until: inHours(1) })
      .expect(200);
    const { ban } = (await rest(mod).get(`/admin/users/${eve.id}`).expect(200)).body;
    expect(Date.parse(ban.until)).to.be.greaterThan(Date.now() + 99 * 3_600_000);
    expectError(await rest(mod).post(`/admin/users/${eve.id}/unban`), 403, 'AUTHORIZATION_ERROR');
  });

  it('what does not fit a report is a conflict, and nothing is done', async () => {
    const target = { target_type: 'user', target_id: eve.id, reason: 'r' };
    const report = (await rest(ann).post('/reports', target).expect(201)).body;
    const until = inHours(1);
    for (const body of [
      { delete_target: true, ban: { until } },
      { mute: {}, ban: { until } },
    ])
      expectError(await act(report, body), 409, 'CONFLICT');
    expectError(await rest(mod).get(`/admin/reports/${report.id}/context`), 409, 'CONFLICT');
    expectInvalid(await act(report, { status: 'dismissed', ban: { until } }), 'status');
    expect((await rest(mod).get(`/admin/users/${eve.id}`).expect(200)).body.ban).to.equal(null);
    expect((await act(report, { status: 'dismissed' }).expect(200)).body.status).to.equal('dismissed');
  });

  it('an admin deletes a reported file; a moderator does not', async () => {
    const upload = await rest(eve).post('/files/upload').attach('file', Buffer.from('bad'), 'b.txt').expect(201);
    const message = await say(eve, { chat_id: room, content: 'see', attachments: [upload.body.id] });
    expect(message.attachments).to.have.length(1);
    const target = { target_type: 'file', target_id: upload.body.id, reason: 'r' };
    const report = (await rest(ann).post('/reports', target).expect(201)).body;
    expectError(await act(report, { delete_target: true }), 403, 'AUTHORIZATION_ERROR');
    await act(report, { delete_target: true }, admin).expect(200);
    expectError(await rest(eve).get(`/files/${upload.body.id}`), 404, 'RESOURCE_NOT_FOUND');
  });
});
