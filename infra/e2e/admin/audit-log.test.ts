// The audit log: filters by outcome and time, and as CSV.
import { expect } from 'chai';
import { type Account, type Json, loginAdmin, register, registerModerator, rest } from '../support/client.ts';
import { expectError, expectInvalid } from '../support/expects.ts';
import '../support/shared-cluster.ts';

describe('the audit log', () => {
  let admin: Account;
  let mod: Account;
  let eve: Account;
  let between: string;
  before(async () => {
    [admin, mod, eve] = [await loginAdmin(), await registerModerator(), await register('eve')];
    await rest(admin).post(`/admin/users/${eve.id}/ban`, { reason: '=HYPERLINK("x"), "quoted"' }).expect(200);
    expectError(await rest(admin).post(`/admin/users/${admin.id}/ban`), 403, 'AUTHORIZATION_ERROR');
    const [first] = (await rest(admin).get(`/admin/audit-log?target_id=${eve.id}`).expect(200)).body.entries;
    between = new Date(Date.parse(first.created_at) + 1).toISOString();
    await rest(admin).post(`/admin/users/${eve.id}/unban`).expect(200);
  });
  const actions = async (query: string): Promise<string[]> =>
    (await rest(mod).get(`/admin/audit-log?target_id=${eve.id}&${query}`).expect(200)).body.entries.map(
      ({ action }: Json) => action,
    );

  it('is filtered by time and outcome', async () => {
    expect(await actions('')).to.deep.equal(['user.unban', 'user.ban']);
    expect(await actions(`from=${between}`)).to.deep.equal(['user.unban']);
    expect(await actions(`to=${between}`)).to.deep.equal(['user.ban']);
    expect(await actions('outcome=done')).to.have.length(2);
    expect(await actions('outcome=refused')).to.deep.equal([]);
    const path = `/admin/audit-log?target_id=${admin.id}&outcome=refused&action=user.ban`;
    expect((await rest(mod).get(path).expect(200)).body.entries[0]).to.include({ error: 'AUTHORIZATION_ERROR' });
    expectInvalid(await rest(mod).get('/admin/audit-log?from=yesterday'), 'from');
    expectInvalid(await rest(mod).get('/admin/audit-log?outcome=odd'), 'outcome');
  });

  it('is downloaded as CSV without formulas; the download is on record', async () => {
    const answer = await rest(mod).get(`/admin/audit-log.csv?target_id=${eve.id}`).expect(200);
    expect(answer.headers['content-type']).to.equal('text/csv; charset=utf-8');
    expect(answer.headers['content-disposition']).to.include('attachment');
    const lines = answer.text.trimEnd().split('\r\n');
    expect(lines).to.have.length(3);
    expect(lines[0]).to.equal('created_at,id,action,actor_id,target_id,outcome,error,ip,request_id,details');
    expect(lines[2]).to.include(`user.ban,${admin.id},${eve.id},done`).and.include('""quoted\\""');
    const path = `/admin/audit-log?action=audit_log.export&actor_id=${mod.id}`;
    const [entry] = (await rest(admin).get(path).expect(200)).body.entries;
    expect(entry).to.deep.include({ details: { target_id: eve.id }, outcome: 'done' });
    expectError(await rest(await register('ann')).get('/admin/audit-log.csv'), 403, 'AUTHORIZATION_ERROR');
    expectInvalid(await rest(mod).get('/admin/audit-log.csv?limit=1'), 'limit');
  });

  it('has all of many entries in its CSV', async () => {
    const { id } = await register('often');
    for (let i = 0; i < 30; i++)
      await Promise.all(Array.from({ length: 20 }, () => rest(admin).post(`/admin/users/${id}/unlock`).expect(204)));
    const { text } = await rest(admin).get(`/admin/audit-log.csv?target_id=${id}`).expect(200);
    const ids = text
      .trimEnd()
      .split('\r\n')
      .slice(1)
      .map((line) => line.split(',')[1]);
    expect(new Set(ids).size).to.equal(600);
    expect(ids).to.deep.equal(ids.toSorted().reverse());
  });
});
