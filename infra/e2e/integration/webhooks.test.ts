import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { Webhook } from 'standardwebhooks';
import { type Account, type Json, loginAdmin, privateRoom, register, rest, say, unique } from '../support/client.ts';
import { expectError, expectInvalid } from '../support/expects.ts';
import { type Receiver, seqsTo, startReceiver } from '../support/receiver.ts';
import '../support/shared-cluster.ts';

describe('webhooks', function () {
  this.timeout(60_000);
  let admin: Account;
  let ann: Account;
  let receiver: Receiver;
  const made: string[] = [];
  before(async () => {
    [admin, ann] = [await loginAdmin(), await register('ann')];
  });
  beforeEach(async () => {
    receiver = await startReceiver();
  });
  afterEach(async () => {
    for (const id of made.splice(0)) await rest(admin).delete(`/admin/webhooks/${id}`);
    receiver.stop();
  });

  async function hook(more: object = {}): Promise<Json> {
    const body = { url: receiver.url, events: ['*'], ...more };
    const answer = await rest(admin).post('/admin/webhooks', body).expect(201);
    made.push(answer.body.id);
    return answer.body;
  }
  const shown = async (id: string): Promise<Json> => (await rest(admin).get(`/admin/webhooks/${id}`).expect(200)).body;

  it('get every event of a room after they began, once and in order, signed as Standard Webhooks are', async () => {
    const room = await privateRoom(ann, []);
    await say(ann, { chat_id: room, content: 'before' });
    const { id, secret, status } = await hook();
    expect(status).to.equal('active');
    const { id: message } = await say(ann, { chat_id: room, content: 'after' });
    await rest(ann).put(`/messages/${message}`, { content: 'edited' }).expect(200);
    await rest(ann)
      .put(`/messages/${message}/reactions/${encodeURIComponent('👍')}`)
      .expect(204);
    await receiver.expectRoom(room, [3, 4, 5]);
    const { body: log } = await rest(ann).get(`/rooms/${room}/events?after_seq=2`).expect(200);
    const got = receiver.received.filter(({ body }) => body.data.chat_id === room);
    for (const [i, { headers, text, body }] of got.entries()) {
      const { epoch, ...frame } = body.data;
      expect(frame).to.deep.equal(log.events[i]);
      expect(epoch).to.be.a('string').and.not.equal('');
      expect(body.type).to.equal(frame.type);
      expect(headers['webhook-id']).to.match(/^evt_[A-Za-z0-9_-]{22}$/);
      expect(headers['user-agent']).to.match(/^chatapi\//);
      expect(() => new Webhook(secret).verify(text, headers as Record<string, string>)).to.not.throw();
    }
    await eventually(async () =>
      expect(await shown(id)).to.deep.include({ lag: { events: 0, seconds: 0 }, last_failure: null }),
    );
  });

  it('retry until the receiver takes the event, and no later event of the room overtakes it', async () => {
    const { id } = await hook();
    const [slow, other] = [await privateRoom(ann, []), await privateRoom(ann, [])];
    let refusals = 2;
    receiver.answer = ({ body }) =>
      body.data.chat_id === slow && body.data.seq === 2 && refusals-- > 0
        ? { status: 500, body: 'no' }
        : { status: 200 };
    for (const content of ['a', 'b']) await say(ann, { chat_id: slow, content });
    await say(ann, { chat_id: other, content: 'x' });
    await receiver.expectRoom(other, [1, 2]);
    await receiver.expectRoom(slow, [1, 2, 3], 20_000);
    const tries = receiver.received.filter(({ body }) => body.data.chat_id === slow && body.data.seq === 2);
    expect(tries).to.have.length(3);
    expect(new Set(tries.map(({ id }) => id)).size).to.equal(1);
    expect(new Set(tries.map(({ text }) => text)).size).to.equal(1);
    await eventually(async () => {
      const { body } = await rest(admin).get(`/admin/webhooks/${id}/deliveries?status=failed`).expect(200);
      expect(body.deliveries.map((one: Json) => [one.chat_id, one.seq, one.attempt, one.http_status])).to.deep.equal([
        [slow, 2, 2, 500],
        [slow, 2, 1, 500],
      ]);
      expect(body.deliveries[0].response_body).to.equal('no');
    });
  });

  it('are disabled by 410, go on after resume, and skip nothing while they are paused', async () => {
    const { id } = await hook();
    const room = await privateRoom(ann, []);
    receiver.answer = () => ({ status: 410 });
    await eventually(async () => expect((await shown(id)).status).to.equal('disabled'));
    receiver.answer = () => ({ status: 200 });
    await say(ann, { chat_id: room, content: 'while disabled' });
    await rest(admin).post(`/admin/webhooks/${id}/resume`).expect(200);
    await receiver.expectRoom(room, [1, 2]);
    expect((await rest(admin).post(`/admin/webhooks/${id}/pause`).expect(200)).body.status).to.equal('paused');
    await say(ann, { chat_id: room, content: 'while paused' });
    await eventually(async () => expect((await shown(id)).lag.events).to.be.at.least(1));
    expect(receiver.firsts(room)).to.deep.equal([1, 2]);
    await rest(admin).post(`/admin/webhooks/${id}/resume`).expect(200);
    await receiver.expectRoom(room, [1, 2, 3]);
  });

  it('get only what they subscribed to, of the rooms that they named', async () => {
    const [mine, other] = [await privateRoom(ann, []), await privateRoom(ann, [])];
    await hook({ events: ['message_deleted'], rooms: [mine] });
    for (const chat_id of [other, mine]) {
      const { id } = await say(ann, { chat_id, content: 'x' });
      await rest(ann).delete(`/messages/${id}`).expect(204);
    }
    await receiver.expectRoom(mine, [3]);
    expect(receiver.received).to.have.length(1);
  });

  it('begin at the beginning, and go back by replay', async () => {
    const room = await privateRoom(ann, []);
    for (const content of ['a', 'b', 'c']) await say(ann, { chat_id: room, content });
    const { id } = await hook({ rooms: [room], start: 'beginning' });
    await receiver.expectRoom(room, seqsTo(4));
    const before = receiver.received.length;
    await rest(admin).post(`/admin/webhooks/${id}/replay`, { chat_id: room, from_seq: 3 }).expect(202);
    await eventually(() => expect(receiver.received).to.have.length(before + 2));
    expect(receiver.received.slice(before).map(({ body }) => body.data.seq)).to.deep.equal([3, 4]);
    expect(receiver.received.at(-1)?.id).to.equal(receiver.received[before - 1]?.id);
    const since = new Date(Date.now() - 3_600_000).toISOString();
    await rest(admin).post(`/admin/webhooks/${id}/replay`, { since }).expect(202);
    await eventually(() => expect(receiver.received).to.have.length(before + 6));
    expect(receiver.received.slice(-4).map(({ body }) => body.data.seq)).to.deep.equal(seqsTo(4));
  });

  it('skip nothing after a replay from beyond the end, or from before there were logs', async () => {
    const [quiet, waits] = [await privateRoom(ann, []), await privateRoom(ann, [])];
    const { id } = await hook();
    await rest(admin).post(`/admin/webhooks/${id}/pause`).expect(200);
    await say(ann, { chat_id: waits, content: 'while paused' });
    await eventually(async () => expect((await shown(id)).lag.events).to.be.at.least(1));
    for (const chat_id of [quiet, waits])
      await rest(admin).post(`/admin/webhooks/${id}/replay`, { chat_id, from_seq: 1000 }).expect(202);
    await rest(admin).post(`/admin/webhooks/${id}/resume`).expect(200);
    await say(ann, { chat_id: quiet, content: 'later' });
    await Promise.all([quiet, waits].map((room) => receiver.expectRoom(room, [2])));
    await rest(admin)
      .put(`/admin/webhooks/${id}`, { rooms: [quiet] })
      .expect(200);
    for (const since of ['1960-01-01T00:00:00Z', new Date(Date.now() + 3_600_000).toISOString()])
      await rest(admin).post(`/admin/webhooks/${id}/replay`, { since }).expect(202);
    await eventually(() => expect(receiver.firsts(quiet).toSorted()).to.deep.equal([1, 2]));
    await rest(admin)
      .post(`/admin/webhooks/${id}/replay`, { chat_id: `self:${ann.id}`, from_seq: 1 })
      .expect(404);
  });

  it('hear of accounts, files and reports, without an email address', async () => {
    await hook({ events: ['account.created', 'account.banned', 'file.created', 'report.created'] });
    const bob = await register('bob');
    await rest(bob).post('/files/upload').attach('file', Buffer.from('x'), 'x.txt').expect(201);
    await rest(ann).post('/reports', { target_type: 'user', target_id: bob.id, reason: 'x' }).expect(201);
    await rest(admin).post(`/admin/users/${bob.id}/ban`, {}).expect(200);
    const types = ['account.created', 'account.banned', 'file.created', 'report.created'];
    const ofBob = () => receiver.received.filter(({ text }) => text.includes(bob.id));
    await eventually(() => expect(ofBob().map(({ body }) => body.type)).to.have.members(types), 20_000);
    for (const { id, text } of ofBob()) {
      expect(id).to.match(/^fact_/);
      expect(text).to.not.contain(bob.email);
    }
  });

  it('bear the scrubbed text of a message that was deleted before the delivery', async () => {
    const { id } = await hook();
    const room = await privateRoom(ann, []);
    await receiver.expectRoom(room, [1]);
    await rest(admin).post(`/admin/webhooks/${id}/pause`).expect(200);
    const { id: message } = await say(ann, { chat_id: room, content: 'regretted' });
    await rest(ann).delete(`/messages/${message}`).expect(204);
    await rest(admin).post(`/admin/webhooks/${id}/resume`).expect(200);
    await receiver.expectRoom(room, [1, 2, 3]);
    expect(JSON.stringify(receiver.received.map(({ text }) => text))).to.not.contain('regretted');
  });

  it('sign with both secrets while one is replaced, and are tested at once', async () => {
    const { id, secret } = await hook({ events: ['message_deleted'] });
    const { body: rotated } = await rest(admin).post(`/admin/webhooks/${id}/rotate-secret`).expect(200);
    expect(rotated.secret)
      .to.match(/^whsec_/)
      .and.not.equal(secret);
    receiver.answer = () => ({ status: 418 });
    const { body: tested } = await rest(admin).post(`/admin/webhooks/${id}/test`).expect(200);
    expect(tested).to.include({ status: 418, error: null });
    const [{ headers, text, body }] = receiver.received as [Receiver['received'][0]];
    expect(body.type).to.equal('test');
    expect(headers['webhook-id']).to.match(/^test:/);
    for (const one of [secret, rotated.secret])
      expect(() => new Webhook(one).verify(text, headers as Record<string, string>)).to.not.throw();
  });

  it('are refused with a bad URL, unknown events or fields, for anybody but admins, and beyond 50', async () => {
    const good = { url: receiver.url, events: ['message'] };
    for (const [bad, reason] of [
      ['http://10.0.0.1/', 'address_not_allowed'],
      ['http://user:secret@example.com/', 'url_not_allowed'],
      ['ftp://example.com/', 'url_not_allowed'],
    ]) {
      const answer = await rest(admin).post('/admin/webhooks', { ...good, url: bad });
      expect([answer.status, answer.body.details.reason]).to.deep.equal([400, reason]);
    }
    const wrong: [string, object][] = [
      ['events', { ...good, events: [] }],
      ['events.0', { ...good, events: ['nothing'] }],
      ['x', { ...good, x: 1 }],
      ['url', { events: ['*'] }],
    ];
    for (const [path, body] of wrong) expectInvalid(await rest(admin).post('/admin/webhooks', body), path);
    expectError(await rest(ann).post('/admin/webhooks', good), 403, 'AUTHORIZATION_ERROR');
    const { id } = await hook();
    expectInvalid(await rest(admin).put(`/admin/webhooks/${id}`, { url: 'http://10.0.0.1/' }), 'url');
    const { body } = await rest(admin)
      .put(`/admin/webhooks/${id}`, { description: 'd', events: ['message'] })
      .expect(200);
    expect(body)
      .to.deep.include({ description: 'd', events: ['message'] })
      .and.to.not.have.property('secret');
    expectError(await rest(admin).get('/admin/webhooks/whk_missing'), 404, 'RESOURCE_NOT_FOUND');
    const { body: list } = await rest(admin).get('/admin/webhooks').expect(200);
    for (let n = list.webhooks.length; n < 50; n++) await hook();
    const full = await rest(admin).post('/admin/webhooks', good);
    expect([full.status, full.body.details.reason]).to.deep.equal([409, 'limit']);
  });

  it('are on record in the audit log', async () => {
    const description = unique('audited');
    const { id } = await hook({ description });
    await rest(admin).post(`/admin/webhooks/${id}/pause`).expect(200);
    await eventually(async () => {
      const { body } = await rest(admin).get(`/admin/audit-log?target_id=${id}`).expect(200);
      expect(body.entries.map(({ action }: Json) => action)).to.have.members(['webhook.pause', 'webhook.create']);
      expect(JSON.stringify(body)).to.not.contain('whsec_');
    });
  });
});
