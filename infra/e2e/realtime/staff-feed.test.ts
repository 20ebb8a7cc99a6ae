// What staff get pushed on their sockets: figures, new reports, new audit entries.
import { ChatClient } from '@chatapi/client';
import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { type Account, type Json, loginAdmin, register, registerModerator, rest } from '../support/client.ts';
import { gateway, nodes } from '../support/cluster.ts';
import { closeAll, connect, type Live } from '../support/socket.ts';
import '../support/shared-cluster.ts';

describe('the feed of staff', () => {
  let admin: Account;
  let ann: Account;
  before(async () => {
    [admin, ann] = [await loginAdmin(), await register('ann')];
  });
  afterEach(closeAll);

  const subscribe = async (account: Account, url: string): Promise<Live> => {
    const live = await connect(account, url);
    live.send({ type: 'staff_subscribe' });
    await live.next('staff_stats');
    return live;
  };

  it('has figures every two seconds, and each report and audit entry once, on every node', async () => {
    const mod = await registerModerator();
    const [here, there] = nodes();
    const all = [await subscribe(mod, here), await subscribe(mod, there), await subscribe(admin, there)];
    const eve = await register('eve');
    const target = { target_type: 'user', target_id: eve.id, reason: 'spam' };
    const report = (await rest(ann).post('/reports', target).expect(201)).body;
    await rest(admin).post(`/admin/users/${eve.id}/ban`, { reason: 'spam' }).expect(200);
    for (const live of all) {
      const told = await live.next('staff_report', ({ report: { id } }) => id === report.id);
      expect(told.report).to.deep.equal(report);
      const { entry } = await live.next('staff_entry', (frame) => frame.entry.target_id === eve.id);
      expect(entry).to.include({ action: 'user.ban', actor_id: admin.id, outcome: 'done' });
      const { stats } = await live.next('staff_stats', ({ open_reports }) => open_reports > 0);
      expect(stats.users.total).to.be.greaterThan(2);
    }
    for (const live of all) {
      await live.next('staff_stats');
      await live.next('staff_stats');
      const ids = live.frames.flatMap(({ report: { id } = { id: undefined }, entry }: Json) => id ?? entry?.id ?? []);
      expect(new Set(ids).size).to.equal(ids.length);
    }
  });

  it('is refused to users, and ends within a second when the role is taken away', async () => {
    const live = await connect(ann);
    live.send({ type: 'staff_subscribe' });
    expect((await live.next('error')).code).to.equal('AUTHORIZATION_ERROR');
    await live.never('staff_stats', 2500);
    const mod = await registerModerator();
    const watching = await subscribe(mod, nodes()[1]);
    await rest(admin).put(`/admin/users/${mod.id}/role`, { role: 'user' }).expect(200);
    await watching.next('staff_ended', undefined, 1500);
    const before = watching.frames.length;
    await watching.never('staff_entry', 2500, ({ entry }) => entry.action !== 'user.role');
    expect(watching.frames.slice(before).map(({ type }: Json) => type)).to.not.include('staff_stats');
    expect((await rest(ann).get('/users/me').expect(200)).body.id).to.equal(ann.id);
  });

  it('reaches an app through the SDK', async () => {
    const mod = await registerModerator();
    const client = new ChatClient({ baseUrl: gateway(), token: mod.token });
    const connection = client.websocket.connect(mod.id);
    try {
      const reasons: string[] = [];
      connection.on('staff_report', ({ report }) => void reasons.push(report.reason));
      const figures = connection.once('staff_stats');
      connection.watchStaff();
      expect((await figures).stats.messages).to.include.keys('total');
      await rest(ann).post('/reports', { target_type: 'user', target_id: admin.id, reason: mod.id }).expect(201);
      await eventually(() => expect(reasons).to.include(mod.id));
    } finally {
      await connection.close();
    }
  });
});
