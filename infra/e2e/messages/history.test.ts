import { expect } from 'chai';
import { type Account, type Json, register, rest, say, unique } from '../support/client.ts';
import { expectError } from '../support/expects.ts';
import '../support/shared-cluster.ts';

describe('history and search', () => {
  let ann: Account;
  let bob: Account;
  const room = unique('history');
  const sent: Json[] = [];
  before(async () => {
    [ann, bob] = [await register('ann'), await register('bob')];
    await rest(ann).post('/rooms', { chat_id: room, visibility: 'public' }).expect(201);
    for (let i = 0; i < 12; i++) sent.push(await say(ann, { chat_id: room, content: `line ${i}` }));
  });
  const page = async (query: string): Promise<Json> => (await rest(ann).get(`/messages/?${query}`).expect(200)).body;
  const ids = (list: Json[]): string[] => list.map((m) => m.id);
  const newest = (): string[] => ids(sent).reverse();

  it('is paged by limit and skip, newest first, with an exact has_more', async () => {
    const first = await page(`chat_id=${room}&limit=5`);
    expect(ids(first.messages)).to.deep.equal(newest().slice(0, 5));
    expect(first).to.include({ has_more: true, last_seq: 13 });
    const last = await page(`chat_id=${room}&limit=5&skip=7`);
    expect(ids(last.messages)).to.deep.equal(newest().slice(7));
    expect(last.has_more).to.equal(false);
    expect(await page(`chat_id=${room}&skip=50`)).to.deep.include({ messages: [], has_more: false });
  });

  it('is paged by cursor in both directions, with every message once', async () => {
    const older: string[] = [];
    for (let before = 1_000_000, more = true; more; ) {
      const got = await page(`chat_id=${room}&before_seq=${before}&limit=5`);
      older.push(...ids(got.messages));
      ({ has_more: more } = got);
      before = got.messages.at(-1).seq;
    }
    expect(older).to.deep.equal(newest());
    const newer: string[] = [];
    for (let after = 0, more = true; more; ) {
      const got = await page(`chat_id=${room}&after_seq=${after}&limit=5`);
      newer.push(...ids(got.messages));
      ({ has_more: more } = got);
      after = got.messages.at(-1).seq;
    }
    expect(newer).to.deep.equal(ids(sent));
  });

  it('refuses a cursor without a room, and both cursors at once', async () => {
    expectError(await rest(ann).get('/messages/?before_seq=5'), 400, 'VALIDATION_ERROR');
    expectError(await rest(ann).get(`/messages/?chat_id=${room}&before_seq=x`), 400, 'VALIDATION_ERROR');
    expectError(await rest(ann).get(`/messages/?chat_id=${room}&recipient_id=${bob.id}`), 400, 'VALIDATION_ERROR');
  });

  it('finds words only in rooms that the caller may read', async () => {
    const word = unique('zebra').replace(/\W/g, '');
    const hidden = unique('hidden');
    await rest(ann).post('/rooms', { chat_id: hidden, visibility: 'private' }).expect(201);
    const open = await say(ann, { chat_id: room, content: `a ${word} in the open` });
    const secret = await say(ann, { chat_id: hidden, content: `a ${word} in secret` });
    const find = async (who: Account): Promise<string[]> =>
      ids((await rest(who).get(`/messages/search?q=${word}`).expect(200)).body.messages);
    expect(await find(ann)).to.have.members([open.id, secret.id]);
    expect(await find(bob)).to.deep.equal([open.id]);
    await rest(ann).delete(`/messages/${open.id}`).expect(204);
    expect(await find(bob)).to.deep.equal([]);
    expectError(await rest(ann).get('/messages/search'), 400, 'VALIDATION_ERROR');
    expectError(await rest(ann).get('/messages/search?q='), 400, 'VALIDATION_ERROR');
    await rest(ann)
      .get(`/messages/search?q=${encodeURIComponent(`'"; & | ! ( ) : * <->`)}`)
      .expect(200);
  });

  it('do not contain deleted texts, nor does the room list', async () => {
    const place = unique('gone');
    const { id } = await say(ann, { chat_id: place, content: 'regretted words' });
    await rest(ann).delete(`/messages/${id}`).expect(204);
    for (const path of [
      `/rooms/${place}`,
      `/messages/?chat_id=${place}`,
      '/messages/search?q=regretted',
      `/messages/${id}`,
    ])
      expect(JSON.stringify((await rest(ann).get(path).expect(200)).body)).to.not.include('regretted');
  });
});
