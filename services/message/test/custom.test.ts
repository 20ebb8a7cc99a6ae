// `custom` of messages: an application's own object, from the send to everything that shows it.
import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { orderErasures, orderFileErasure } from '../src/erasure/erasure-store.ts';
import { handlers } from '../src/facts.ts';
import { type Messages, openTwo } from './harness.ts';

const CUSTOM = { order: 4711, html: '<script>x</script> a<b && c>d\u0001', tags: ['a', null, { b: 1.5 }] };

/** Exactly `bytes` as JSON. */
const ofSize = (bytes: number) => ({ a: 'é'.repeat(Math.floor((bytes - 8) / 2)) + 'x'.repeat(bytes % 2) });
const nested = (levels: number): Record<string, unknown> => (levels === 1 ? { a: 1 } : { a: nested(levels - 1) });

describe('custom of a message', () => {
  let one: Messages;
  let two: Messages;
  openTwo((a, b) => {
    [one, two] = [a, b];
  });
  const post = async (chat_id: string, more: object = {}) =>
    (await one.send('usr_a', { chat_id, content: 'x', ...more }).expect(201)).body;
  const put = (id: string, body: object, m = one) => m.ask('usr_a', 'put', `/messages/${id}`, body);
  const get = async (path: string) => (await one.ask('usr_a', 'get', path).expect(200)).body;
  /** Somebody who can be mentioned. */
  const meet = (username: string) =>
    one.ctx.db.transaction(async (trx) => {
      const at = new Date().toISOString();
      const account = { user_id: `usr_${username}`, username, display_name: username, created_at: at, updated_at: at };
      await handlers['account.created']?.([{ ...account, email: null, role: 'user', status: 'active' }], trx);
    });

  it('is in everything that shows the message, exactly as it was sent', async () => {
    const sent = await post('shown', { content: 'needle', custom: CUSTOM });
    expect(sent.custom).to.deep.equal(CUSTOM);
    const reply = await post('shown', { reply_to: sent.id, custom: { reply: true } });
    await put(sent.id, { custom: { more: 1 } }).expect(200);
    const custom = { ...CUSTOM, more: 1 };
    expect((await get(`/messages/${sent.id}`)).custom).to.deep.equal(custom);
    expect((await get('/messages/?chat_id=shown')).messages[1].custom).to.deep.equal(custom);
    expect((await get('/messages/')).messages.find(({ id }: { id: string }) => id === sent.id).custom).to.deep.equal(
      custom,
    );
    expect((await get(`/messages/?chat_id=shown&thread_of=${sent.id}`)).messages[0].custom).to.deep.equal(reply.custom);
    expect((await get('/messages/search?q=needle')).messages[0].custom).to.deep.equal(custom);
    expect((await get('/rooms/shown')).last_message.custom).to.deep.equal({ reply: true });
    const events = [CUSTOM, { reply: true }, custom];
    expect((await get('/rooms/shown/events?after_seq=1')).events.map((one: any) => one.custom)).to.deep.equal(events);
    const { body } = await one.inside('get', `/internal/messages/${sent.id}/context`).expect(200);
    expect(body.messages.map((one: any) => one.custom)).to.deep.equal([custom, { reply: true }]);
    const exported = (await one.inside('get', '/internal/users/usr_a/export/messages').expect(200)).body.items;
    expect(exported.find(({ id }: { id: string }) => id === sent.id).custom).to.deep.equal(custom);
    const found = await one.inside('get', '/internal/messages/search?q=needle&limit=1&skip=0').expect(200);
    expect(found.body.messages[0].custom).to.deep.equal(custom);
    const state = (await one.inside('post', '/internal/state', { user_id: 'usr_a', limit: 10 }).expect(200)).body;
    expect(state.body).to.include('"custom":{"reply":true}');
  });

  it('is missing where there is none: never sent, empty, or all its keys removed', async () => {
    const sent = [await post('none'), await post('none', { custom: {} }), await post('none', { custom: { a: 1 } })];
    const { body } = await put(sent[2].id, { custom: { a: null } }).expect(200);
    for (const message of [sent[0], sent[1], body, ...(await get('/messages/?chat_id=none')).messages])
      expect(message).to.not.have.property('custom');
    const frames = (await one.log('none')).filter(({ type }) => type !== 'member_joined');
    expect(frames.map((frame) => frame.custom)).to.deep.equal([undefined, undefined, { a: 1 }, undefined]);
    expect(await one.ctx.db('messages').where('room_id', 'none').whereNotNull('custom')).to.deep.equal([]);
  });

  it('has at most 4 KiB and 5 levels, by REST, from sockets, and after a patch', async () => {
    const { results } = (
      await one.inside('post', '/internal/sends', {
        node: 'n',
        sends: [ofSize(4096), ofSize(4097), nested(5), nested(6)].map((custom) => ({
          sender_id: 'usr_a',
          role: 'user',
          origin: '',
          request_id: 'r',
          body: { chat_id: 'limits', content: 'x', custom },
        })),
      })
    ).body;
    expect(results.map(({ ok }: { ok: boolean }) => ok)).to.deep.equal([true, false, true, false]);
    for (const custom of [ofSize(4096), nested(5)])
      expect((await post('limits', { custom })).custom).to.deep.equal(custom);
    for (const custom of [ofSize(4097), nested(6), [], 'x', null, { a: '\0' }]) {
      const { body } = await one.send('usr_a', { chat_id: 'limits', content: 'x', custom }).expect(400);
      expect(body.details.fields[0].path).to.equal('custom');
    }
    const { id } = await post('limits', { custom: ofSize(4000) });
    await put(id, { custom: { b: 'x'.repeat(88) } }).expect(200);
    const { body } = await put(id, { content: 'y', custom: { c: 1 } }).expect(400);
    expect(body.details.fields).to.deep.equal([
      { path: 'custom', message: 'custom must have at most 4096 bytes as JSON' },
    ]);
    expect((await get(`/messages/${id}`)).content).to.equal('x');
  });

  it('alone makes no message: a text or a file must be there', async () => {
    await one.send('usr_a', { chat_id: 'alone', custom: { a: 1 } }).expect(400);
    await one.send('usr_a', { chat_id: 'alone', content: '', custom: { a: 1 } }).expect(400);
    expect((await post('alone', { content: '', attachments: ['file_1'], custom: { a: 1 } })).custom).to.deep.equal({
      a: 1,
    });
  });

  it('is changed by a merge patch, which is an edit; the text stays, and the other way round', async () => {
    await meet('known');
    const { id } = await post('edits', { content: 'hi @known', custom: { a: { b: 1, c: 2 }, d: 3 } });
    const { body } = await put(id, { custom: { a: { b: null }, e: [null] } }).expect(200);
    const custom = { a: { c: 2 }, d: 3, e: [null] };
    expect(body).to.deep.include({ content: 'hi @known', mentions: ['usr_known'], custom, is_edited: true });
    const frame = (await one.log('edits')).at(-1);
    expect(frame).to.deep.include({ type: 'message_updated', content: 'hi @known', mentions: ['usr_known'], custom });
    const both = (await put(id, { content: 'bye', custom: { d: null } }).expect(200)).body;
    expect(both).to.deep.include({ content: 'bye', mentions: [], custom: { a: { c: 2 }, e: [null] } });
    expect((await put(id, { content: 'again' }).expect(200)).body.custom).to.deep.equal(both.custom);
    const { length } = await one.log('edits');
    for (const same of [{ custom: {} }, { custom: { d: null } }, { content: 'again', custom: { a: { c: 2 } } }])
      await put(id, same).expect(200);
    expect(await one.log('edits')).to.have.length(length);
    const { body: refused } = await put(id, {}).expect(400);
    expect(refused.message).to.include('content');
  });

  it('is for its sender, and not in a deleted message, an archived room or for who is muted', async () => {
    const { id } = await post('rights', { custom: { a: 1 } });
    const edit = { custom: { a: 2 } };
    const theirs = (await one.send('usr_b', { chat_id: 'rights', content: 'x' }).expect(201)).body;
    await one.ask('usr_b', 'put', `/messages/${id}`, edit).expect(403);
    await one.ask('usr_a', 'put', '/rooms/rights', { archived: true }).expect(200);
    await one.ask('usr_b', 'put', `/messages/${theirs.id}`, edit).expect(409);
    await one.ask('usr_a', 'put', '/rooms/rights', { archived: false }).expect(200);
    await one.ask('usr_a', 'put', '/rooms/rights/members/usr_b/mute', { until: null }).expect(200);
    await one.ask('usr_b', 'put', `/messages/${theirs.id}`, edit).expect(403);
    await one.ask('usr_a', 'delete', `/messages/${id}`).expect(204);
    await put(id, edit).expect(409);
  });

  it('edits of it alone are sends for slow mode', async () => {
    await post('slow');
    const { body } = await one.send('usr_s', { chat_id: 'slow', content: 'x' }).expect(201);
    await one.ask('usr_a', 'put', '/rooms/slow', { slow_mode_seconds: 3600 }).expect(200);
    const edit = (custom: object) => one.ask('usr_s', 'put', `/messages/${body.id}`, { custom });
    await edit({ a: 1 }).expect(200);
    await edit({ a: 2 }).expect(429);
  });

  it('patches on two instances at once are all in it, one event each', async () => {
    const { id } = await post('merged');
    const keys = Array.from({ length: 20 }, (_, i) => `k${i}`);
    await Promise.all(keys.map((key, i) => put(id, { custom: { [key]: i } }, i % 2 ? one : two).expect(200)));
    expect((await get(`/messages/${id}`)).custom).to.have.all.keys(keys);
    const frames = (await one.log('merged')).filter(({ type }) => type === 'message_updated');
    expect(frames.map(({ custom }) => Object.keys(custom).length)).to.deep.equal(keys.map((_, i) => i + 1));
  });

  it('is a part of what a client_id stands for', async () => {
    const send = { chat_id: 'repeats', content: 'x', client_id: 'c1', custom: { a: 1 } };
    const { body } = await one.send('usr_a', send).expect(201);
    expect((await two.send('usr_a', send).expect(200)).body).to.deep.equal(body);
    await one.send('usr_a', { ...send, custom: { a: 2 } }).expect(409);
    await one.send('usr_a', { ...send, custom: undefined }).expect(409);
    const plain = { ...send, client_id: 'c2', custom: undefined };
    await one.send('usr_a', plain).expect(201);
    await two.send('usr_a', { ...plain, custom: {} }).expect(200);
    await put(body.id, { custom: { a: 3 } }).expect(200);
    expect((await one.send('usr_a', send).expect(200)).body.custom).to.deep.equal({ a: 3 });
  });

  it('is neither masked nor found nor cleaned: it comes back as it was sent', async () => {
    const words = [{ word: 'gadzooks', action: 'mask' }];
    await one.inside('put', '/internal/word-filter', { words }).expect(200);
    await eventually(async () => (await post('text', { content: 'gadzooks' })).content === '********');
    const custom = { a: 'gadzooks hidden', b: '<img src=x onerror=alert(1)>', c: 'Map<string, number>' };
    const { id } = await post('text', { custom });
    expect((await get(`/messages/${id}`)).custom).to.deep.equal(custom);
    await put(id, { custom: { d: 'gadzooks' } }).expect(200);
    expect((await get(`/messages/${id}`)).custom.d).to.equal('gadzooks');
    expect((await get('/messages/search?q=hidden')).messages).to.deep.equal([]);
  });

  it('has no links that are signed, also if it looks like an attachment; the message’s own are', async () => {
    const path = '/files/file_1/content';
    const custom = { url: path, thumbnail_url: '/files/file_1/thumbnail', quote: `"url":"${path}`, '/files/x': 1 };
    const { id } = await post('links', { custom, attachments: ['file_1', 'file_2'] });
    const check = async (count: number) => {
      for (const event of (await get('/rooms/links/events?after_seq=1')).events) {
        expect(event.custom).to.deep.equal(custom);
        expect(event.attachments).to.have.length(count);
        for (const { url } of event.attachments) expect(url).to.include('?token=');
      }
    };
    await check(2);
    await put(id, { content: 'edited' }).expect(200);
    await check(2);
    await one.ctx.db.transaction((trx) => orderFileErasure(trx, ['file_2']));
    await eventually(async () => (await get(`/messages/${id}`)).attachments.length === 1);
    await check(1);
    const bare = await post('links', { custom });
    const { frame } = await one.ctx.db('room_events').where({ room_id: 'links', seq: bare.seq }).first('frame');
    expect(frame).to.not.include('"/files/');
  });

  it('stays when late mentions complete the message', async () => {
    await post('late', { content: 'welcome @latecomer', custom: CUSTOM });
    await meet('latecomer');
    await eventually(async () => (await one.log('late')).at(-1)?.type === 'message_updated');
    expect((await one.log('late')).at(-1)).to.deep.include({ mentions: ['usr_latecomer'], custom: CUSTOM });
  });

  /** Whether the database has the text anywhere that clients are told from. */
  const isKept = async (secret: string): Promise<boolean> => {
    const { rows } = await one.ctx.db.raw(
      `select exists (select from messages where custom::text like :like) or exists (select from room_events where frame like :like) kept`,
      { like: `%${secret}%` },
    );
    return rows[0].kept;
  };

  it('is gone with a deletion: from the message, its frames and all that shows them', async () => {
    for (const remove of [
      (id: string) => one.ask('usr_a', 'delete', `/messages/${id}`).expect(204),
      (id: string) => one.inside('delete', `/internal/messages/${id}`, { actor_id: 'usr_admin' }).expect(204),
    ]) {
      const { id } = await post('gone', { custom: { a: 'deleted-secret' } });
      await put(id, { custom: { b: 'deleted-secret' } }).expect(200);
      expect(await isKept('deleted-secret')).to.equal(true);
      await remove(id);
      expect(await isKept('deleted-secret')).to.equal(false);
      expect(await get(`/messages/${id}`)).to.not.have.property('custom');
    }
    for (const { type, ...frame } of await one.log('gone'))
      if (type.startsWith('message')) expect(frame).to.not.have.property('custom');
  });

  it('is gone with the erasure of its sender', async () => {
    const sent = { chat_id: 'erased', content: 'x', custom: { a: 'erased-secret' } };
    const { body } = await one.send('usr_gone', sent).expect(201);
    await one.ask('usr_gone', 'put', `/messages/${body.id}`, { custom: { b: 'erased-secret' } }).expect(200);
    // As a process of the version before deletes a message.
    const left = (await one.send('usr_gone', sent).expect(201)).body;
    await one.ctx.db('messages').where('id', left.id).update({ content: '', is_deleted: true });
    const erased_at = new Date().toISOString();
    await one.ctx.db.transaction((trx) => orderErasures(trx, [{ user_id: 'usr_gone', erased_at }]));
    await eventually(async () => !(await isKept('erased-secret')));
  });
});
