// The word filter over REST and socket, both message instances, sends and edits.

import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { type Account, loginAdmin, register, rest, say, unique } from '../support/client.ts';
import { gateways, nodes } from '../support/cluster.ts';
import { expectError, expectInvalid } from '../support/expects.ts';
import { closeAll, connect } from '../support/socket.ts';
import '../support/shared-cluster.ts';

describe('the word filter', () => {
  let admin: Account;
  let ann: Account;
  before(async () => {
    [admin, ann] = [await loginAdmin(), await register('ann')];
  });
  const set = (...words: object[]) => rest(admin).put('/admin/word-filter', { words });
  after(() => set().expect(200));
  afterEach(closeAll);

  it('masks and blocks within 2 s, by REST and socket, on send and on edit, over all instances', async () => {
    // Many rooms, so that each of the two message instances has some.
    const rooms = Array.from({ length: 8 }, () => unique('filtered'));
    for (const chat_id of rooms) await say(ann, { chat_id, content: 'zounds is still allowed' });
    const { body } = await set({ word: 'zounds', action: 'mask' }, { word: 'Gadzooks!', action: 'block' }).expect(200);
    expect(body.words).to.have.length(2);
    await eventually(async () => {
      for (const chat_id of rooms)
        for (const url of gateways()) {
          const answer = await rest(ann, url).post('/messages/', { chat_id, content: 'Zounds, unzounds' }).expect(201);
          expect(answer.body.content).to.equal('******, unzounds');
        }
    }, 2000);
    for (const chat_id of rooms) {
      const refused = await rest(ann).post('/messages/', { chat_id, content: 'oh GADZOOKS' });
      expectInvalid(refused, 'content');
    }
    const { id } = await say(ann, { chat_id: rooms[0], content: 'fine' });
    expectInvalid(await rest(ann).put(`/messages/${id}`, { content: 'gadzooks' }), 'content');
    expect((await rest(ann).put(`/messages/${id}`, { content: 'ZOUNDS' }).expect(200)).body.content).to.equal('******');
    for (const url of nodes()) {
      const live = await connect(ann, url);
      live.send({ message: 'zounds by socket', chat_id: rooms[1], client_id: unique('c') });
      await live.next('ack');
      expect((await live.next('message', (f) => f.content.endsWith('by socket'))).content).to.equal('****** by socket');
      live.send({ message: 'gadzooks by socket', chat_id: rooms[1], client_id: 'blocked' });
      expect(await live.next('error')).to.include({ code: 'VALIDATION_ERROR', client_id: 'blocked' });
    }
    const { messages } = (await rest(ann).get(`/messages/?chat_id=${rooms[1]}`).expect(200)).body;
    expect(messages.every((m: { content: string }) => !/gadzooks|^zounds by/i.test(m.content))).to.equal(true);
  });

  /** On every message instance: the gateway alternates between them. */
  const isBlocked = (chat_id: string, content: string): Promise<void> =>
    eventually(async () => {
      for (let i = 0; i < 4; i++) expectInvalid(await rest(ann).post('/messages/', { chat_id, content }), 'content');
    });

  it('judges a text for moderators as that of a message, without a message', async () => {
    await set({ word: 'zounds', action: 'mask' }, { word: 'gadzooks', action: 'block' }).expect(200);
    const judge = async (text: string) => (await rest(admin).post('/admin/word-filter/try', { text }).expect(200)).body;
    await eventually(async () => {
      // On every message instance.
      for (let i = 0; i < 4; i++) expect(await judge('Zounds!')).to.deep.equal({ text: '******!', blocked: false });
    }, 2000);
    expect((await judge('GADZOOKS, he said')).blocked).to.equal(true);
    expect(await judge('')).to.deep.equal({ text: '', blocked: false });
    expectInvalid(await rest(admin).post('/admin/word-filter/try', { text: 'x'.repeat(4001) }), 'text');
    expectError(await rest(ann).post('/admin/word-filter/try', { text: 'x' }), 403, 'AUTHORIZATION_ERROR');
  });

  it('a blocked send frees its client_id; earlier sends are still returned for a retry', async () => {
    const [chat_id, client_id] = [unique('free'), unique('key')];
    await set({ word: 'verboten', action: 'block' }).expect(200);
    await isBlocked(chat_id, 'verboten');
    expectInvalid(await rest(ann).post('/messages/', { chat_id, content: 'verboten', client_id }), 'content');
    const first = await say(ann, { chat_id, content: 'allowed', client_id });
    await set({ word: 'allowed', action: 'block' }).expect(200);
    await isBlocked(chat_id, 'allowed');
    const again = await rest(ann).post('/messages/', { chat_id, content: 'allowed', client_id }).expect(200);
    expect(again.body.id).to.equal(first.id);
  });

  it('can be changed by admins only, is audited, and refuses words that no text can contain', async () => {
    expectError(await rest(ann).put('/admin/word-filter', { words: [] }), 403, 'AUTHORIZATION_ERROR');
    expectError(await rest(ann).get('/admin/word-filter'), 403, 'AUTHORIZATION_ERROR');
    expectInvalid(await set({ word: '!!', action: 'mask' }), 'words.0.word');
    expectInvalid(await set({ word: 'a', action: 'shout' }), 'words.0.action');
    expectError(await set({ word: 'a', action: 'mask' }, { word: 'A', action: 'block' }), 400, 'VALIDATION_ERROR');
    const { body } = await set({ word: 'café', action: 'mask' }).expect(200);
    expect((await rest(admin).get('/admin/word-filter').expect(200)).body).to.deep.equal(body);
    const { entries } = (await rest(admin).get('/admin/audit-log?action=word_filter.replace&limit=4').expect(200)).body;
    expect(entries[0]).to.include({ actor_id: admin.id, outcome: 'done' });
    expect(entries[0].details.words).to.deep.equal([{ word: 'café', action: 'mask' }]);
    expect(entries[1].outcome).to.equal('refused');
  });
});
