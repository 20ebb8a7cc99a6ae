// "Why did Bob not get it?": the way of a message to a user, as an admin sees it.
import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { type Account, type Json, loginAdmin, privateRoom, register, rest, say } from '../support/client.ts';
import { nodes } from '../support/cluster.ts';
import { expectError, expectInvalid } from '../support/expects.ts';
import { closeAll, connect } from '../support/socket.ts';
import '../support/shared-cluster.ts';

describe('the way of a message to a user', () => {
  let admin: Account;
  let ann: Account;
  let bob: Account;
  let room: string;
  before(async () => {
    [admin, ann, bob] = [await loginAdmin(), await register('ann'), await register('bob')];
    room = await privateRoom(ann, [bob], 'delivered');
  });
  afterEach(closeAll);
  const ask = (message: Json, user: Account, who = admin) =>
    rest(who).get(`/admin/messages/${message.id}/delivery?user_id=${user.id}`);
  const explain = async (message: Json, user: Account): Promise<Json> => (await ask(message, user).expect(200)).body;

  it('says why it did not come, and that it came once it did', async () => {
    const message = await say(ann, { chat_id: room, content: 'for bob' });
    const first = await explain(message, bob);
    expect(first).to.deep.include({ verdict: 'not_connected', reasons: ['not_connected_then', 'not_connected_since'] });
    expect(first.message).to.include({ id: message.id, seq: message.seq, created_at: message.created_at });
    expect(first.membership).to.include({ role: 'member' });
    const live = await connect(bob, nodes()[1]);
    await eventually(async () => {
      const { verdict, connections } = await explain(message, bob);
      expect([verdict, connections.length]).to.deep.equal(['connected_later', 1]);
      expect(connections[0]).to.include({ id: live.hello.connection_id, node: live.hello.node, closed_at: null });
    }, 20_000);
    live.send({ type: 'resume', rooms: { [room]: 0 } });
    await live.next('resumed');
    await eventually(async () => expect((await explain(message, bob)).verdict).to.equal('delivered'), 20_000);
    await rest(bob).put(`/rooms/${room}/read`, { seq: message.seq }).expect(204);
    expect((await explain(message, bob)).verdict).to.equal('read');
    expect((await explain(message, ann)).verdict).to.equal('own');
    await live.close();
    await eventually(async () => {
      const [{ closed_at, close_code }] = (await explain(message, bob)).connections;
      expect(Date.parse(closed_at)).to.be.greaterThan(Date.parse(message.created_at));
      expect(close_code).to.be.a('number');
    }, 20_000);
  });

  it('knows who was no member at the time', async () => {
    const early = await say(ann, { chat_id: room, content: 'early' });
    const cid = await register('cid');
    expect(await explain(early, cid)).to.deep.include({ verdict: 'not_a_member' });
    expect((await explain(early, cid)).reasons).to.include('never_joined');
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await rest(ann).post(`/rooms/${room}/members`, { user_id: cid.id }).expect(201);
    expect((await explain(early, cid)).reasons).to.include('joined_later');
    await rest(cid).post(`/rooms/${room}/leave`).expect(204);
    const late = await say(ann, { chat_id: room, content: 'late' });
    const { verdict, reasons, membership } = await explain(late, cid);
    expect([verdict, reasons[0]]).to.deep.equal(['not_a_member', 'left_before']);
    expect(membership.left_seq).to.be.lessThan(late.seq);
    await rest(ann).delete(`/messages/${late.id}`).expect(204);
    expect(await explain(late, bob)).to.deep.include({ verdict: 'deleted' });
  });

  it('is for admins, and each question is on record', async () => {
    const message = await say(ann, { chat_id: room, content: 'asked for' });
    await explain(message, bob);
    const { entries } = (await rest(admin).get(`/admin/audit-log?target_id=${message.id}`).expect(200)).body;
    expect(entries[0]).to.deep.include({ action: 'message.delivery', details: { about_user_id: bob.id } });
    expectError(await ask(message, bob, ann), 403, 'AUTHORIZATION_ERROR');
    expectError(await ask({ id: 'msg_none' }, bob), 404, 'RESOURCE_NOT_FOUND');
    expectError(await ask(message, { ...bob, id: 'usr_none' }), 404, 'RESOURCE_NOT_FOUND');
    expectInvalid(await rest(admin).get(`/admin/messages/${message.id}/delivery`), 'user_id');
  });
});
