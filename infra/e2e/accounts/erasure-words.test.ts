// Erasing an account also removes texts by moderators and about it, and keeps the record of who did
// what.

import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { type Account, type Json, login, loginAdmin, register, rest, say, unique } from '../support/client.ts';
import { attachFile, everywhere, registerMarked } from '../support/traces.ts';
import '../support/shared-cluster.ts';

const GONE_MS = 20_000;

describe('texts by and about an erased account', function () {
  this.timeout(60_000);
  let admin: Account;
  let bob: Account;
  before(async () => {
    [admin, bob] = [await loginAdmin(), await register('bob')];
  });

  it('are removed from reports and bans; messages of others in rooms stay', async () => {
    const mark = `ab${Date.now().toString(36)}x${process.pid}`;
    const who = await registerMarked(mark);
    const message = await say(who, { chat_id: unique('open'), content: 'rude' });
    const file = await attachFile(who, Buffer.from('rude'), 'a.txt', 'rude');
    await say(who, { chat_id: message.chat_id, content: 'and this', attachments: [file.id] });
    for (const [target_type, target_id] of [
      ['user', who.id],
      ['message', message.id],
      ['file', file.id],
    ]) {
      const body = { target_type, target_id, reason: `${mark} was rude` };
      const made = (await rest(bob).post('/reports', body).expect(201)).body;
      expect(made.about_user_id).to.equal(who.id);
      await rest(admin)
        .post(`/admin/reports/${made.id}/resolve`, { note: `warned ${mark}` })
        .expect(200);
    }
    await rest(admin)
      .post(`/admin/users/${who.id}/ban`, { reason: `${mark} went too far` })
      .expect(200);
    const mention = await say(bob, { chat_id: message.chat_id, content: `@${mark} is gone` });
    expect(mention.mentions).to.deep.equal([who.id]);
    await rest(admin).delete(`/admin/users/${who.id}`).expect(204);
    await eventually(async () => {
      const rows = await everywhere(mark);
      // The message itself: in its room's list and in the log.
      expect(rows.filter((row) => !row.includes(mention.id))).to.deep.equal([]);
      expect(rows.length).to.be.greaterThan(0);
    }, GONE_MS);
    const about = async (id: string): Promise<Json[]> =>
      (await rest(admin).get(`/admin/audit-log?target_id=${id}`).expect(200)).body.entries;
    expect((await about(who.id)).map((e) => [e.action, e.actor_id, e.details.reason ?? null])).to.deep.equal([
      ['user.erase', admin.id, null],
      ['user.ban', admin.id, null],
    ]);
    const { reports } = (await rest(admin).get(`/admin/reports?target_id=${message.id}`).expect(200)).body;
    expect(reports[0]).to.include({ about_user_id: who.id, reason: '', note: null, status: 'resolved' });
    const [settled] = await about(reports[0].id);
    expect(settled).to.include({ action: 'report.resolve', actor_id: admin.id });
    expect(settled?.details).to.include({ target_id: message.id, about_user_id: who.id, note: null });
  });

  it('of a moderator are removed, while the record of their actions stays', async () => {
    const mark = `md${Date.now().toString(36)}x${process.pid}`;
    const [who, subject] = [await registerMarked(mark), await register('subject')];
    await rest(admin).put(`/admin/users/${who.id}/role`, { role: 'admin' }).expect(200);
    const chief = await login(who);
    await rest(chief)
      .post('/admin/announcements', { text: `heard of ${mark}` })
      .expect(201);
    const made = await rest(bob).post('/reports', { target_type: 'user', target_id: subject.id, reason: 'spam' });
    await rest(chief)
      .post(`/admin/reports/${made.body.id}/dismiss`, { note: `says ${mark}` })
      .expect(200);
    await rest(chief)
      .post(`/admin/users/${subject.id}/ban`, { reason: `says ${mark}` })
      .expect(200);
    await rest(chief).post(`/admin/users/${subject.id}/unban`).expect(200);
    const acts = async (): Promise<Json[]> =>
      (await rest(admin).get(`/admin/audit-log?actor_id=${who.id}`).expect(200)).body.entries;
    const before = await acts();
    expect(before.map((e) => e.action)).to.deep.equal([
      'user.unban',
      'user.ban',
      'report.dismiss',
      'announcement.post',
    ]);
    await rest(chief).delete('/users/me', { password: who.password }).expect(204);
    await eventually(async () => expect(await everywhere(mark)).to.deep.equal([]), GONE_MS);
    const kept = ({ ip: _, details: __, ...rest }: Json) => rest;
    expect((await acts()).map(kept)).to.deep.equal(before.map(kept));
    expect((await acts()).map(({ ip }) => ip)).to.deep.equal(['', '', '', '']);
  });
});
