import { expect } from 'chai';
import { orderErasures } from '../src/erasure/erasure-store.ts';
import { type Messages, openTwo } from './harness.ts';

describe('a direct room whose other user was erased', () => {
  let one: Messages;
  let two: Messages;
  let chat_id: string;
  let mine: string;
  const first = { recipient_id: 'usr_c', content: 'one', client_id: 'k' };
  openTwo((a, b) => {
    [one, two] = [a, b];
  });
  before(async () => {
    const { body } = await one.send('usr_a', first).expect(201);
    ({ chat_id, id: mine } = body);
    await two.send('usr_c', { recipient_id: 'usr_a', content: 'yes' }).expect(201);
    for (const m of [one, two]) await m.send('usr_a', { chat_id, content: 'cached' }).expect(201);
    await one.ctx.db.transaction((trx) =>
      orderErasures(trx, [{ user_id: 'usr_c', erased_at: new Date().toISOString() }]),
    );
    for (const end = Date.now() + 5000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 50)))
      if ((await one.log(chat_id)).some(({ recipient_deleted }) => recipient_deleted)) break;
  });

  it('takes no messages, on any instance, by recipient, by room and from a socket', async () => {
    for (const m of [one, two]) {
      for (const to of [{ recipient_id: 'usr_c' }, { chat_id }]) {
        const { body } = await m.send('usr_a', { ...to, content: 'two' }).expect(404);
        expect(body).to.deep.include({ code: 'RESOURCE_NOT_FOUND', details: { reason: 'recipient_deleted' } });
      }
      const body = { recipient_id: 'usr_c', content: 'three', client_id: 's' };
      const sends = [{ sender_id: 'usr_a', role: 'user', origin: '', request_id: 'r', body }];
      const { results } = (await m.inside('post', '/internal/sends', { node: 'n', sends })).body;
      expect(results[0]).to.deep.include({ ok: false });
      expect(results[0].error.code).to.equal('RESOURCE_NOT_FOUND');
    }
  });

  it('a retry of a message that was accepted gets the first answer', async () => {
    expect((await two.send('usr_a', first).expect(200)).body.id).to.equal(mine);
  });

  it('takes no edits and reactions; reading and deleting one’s own go on', async () => {
    for (const refused of [
      one.ask('usr_a', 'put', `/messages/${mine}`, { content: 'edited' }),
      two.ask('usr_a', 'put', `/messages/${mine}/reactions/${encodeURIComponent('👍')}`),
    ]) {
      const { status, body } = await refused;
      expect([status, body.details.reason]).to.deep.equal([409, 'recipient_deleted']);
    }
    await one.ask('usr_a', 'get', `/messages/?recipient_id=usr_c`).expect(200);
    await one.ask('usr_a', 'delete', `/messages/${mine}`).expect(204);
  });

  it('the room says it, and its log has one event that told it', async () => {
    const { body } = await two.ask('usr_a', 'get', `/rooms/${chat_id}`).expect(200);
    expect(body).to.include({ recipient_id: 'usr_c', recipient_deleted: true });
    expect((await one.log(chat_id)).filter(({ recipient_deleted }) => recipient_deleted)).to.have.length(1);
    const other = (await one.send('usr_a', { recipient_id: 'usr_d', content: 'x' }).expect(201)).body.chat_id;
    expect((await one.ask('usr_a', 'get', `/rooms/${other}`)).body.recipient_deleted).to.equal(false);
    await one.send('usr_a', { recipient_id: 'usr_a', content: 'a note' }).expect(201);
  });
});
