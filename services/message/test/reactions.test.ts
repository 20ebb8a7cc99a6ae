import { served } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { orderErasures } from '../src/erasure/erasure-store.ts';
import { oldReactionsMigration } from '../src/migrations/012-old-reactions.ts';
import { type Messages, openTwo } from './harness.ts';

/** 60 emojis. */
const MANY = Array.from({ length: 60 }, (_, i) => String.fromCodePoint(0x1f600 + i));

describe('reactions', () => {
  let one: Messages;
  let two: Messages;
  let id: string;
  let room: string;
  let made = 0;
  openTwo((a, b) => {
    [one, two] = [a, b];
  });
  beforeEach(async () => {
    room = `react${made++}`;
    id = (await one.send('usr_a', { chat_id: room, content: 'x' }).expect(201)).body.id;
  });
  const path = (emoji: string): string => `/messages/${id}/reactions/${encodeURIComponent(emoji)}`;
  const react = (user: string, emoji: string, m = one) => m.ask(user, 'put', path(emoji));
  const reactionsFor = async (user: string) =>
    (await one.ask(user, 'get', `/messages/${id}`).expect(200)).body.reactions;

  it('all spellings of an emoji are one reaction, in the spelling that shows as an emoji', async () => {
    const spellings: Record<string, string[]> = {
      '👍': ['👍', '👍\uFE0F', '👍\uFE0E'],
      '❤️': ['❤', '❤\uFE0F', '❤\uFE0E'],
      '☝🏽': ['☝🏽', '☝\uFE0F🏽', '☝🏽\uFE0F'],
      '#️⃣': ['#\u20E3', '#\uFE0F\u20E3'],
      '👩‍❤️‍👩': ['👩‍❤️‍👩', '👩‍❤‍👩'],
    };
    for (const all of Object.values(spellings)) {
      for (const [i, spelling] of all.entries()) await react(`usr_u${i}`, spelling).expect(204);
      for (const spelling of all) await react('usr_u0', spelling).expect(204);
    }
    expect((await reactionsFor('usr_a')).map(({ emoji, count }: any) => [emoji, count])).to.deep.equal(
      Object.entries(spellings).map(([emoji, all]) => [emoji, all.length]),
    );
    await one.ask('usr_u1', 'delete', path('👍\uFE0F')).expect(204);
    expect((await reactionsFor('usr_a'))[0].user_ids).to.deep.equal(['usr_u0', 'usr_u2']);
  });

  it('keycaps, flags, families and toned emojis are taken; what only begins as an emoji is not', async () => {
    for (const emoji of ['1️⃣', '🇩🇪', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', '👩‍👩‍👧‍👦', '👩🏻‍❤️‍💋‍👩🏿', '🏳️‍🌈', '👍🏿'])
      await react('usr_a', emoji).expect(204);
    const tails = ['\u200d', '\u200c', '\u034f', '\ufe00', '\u{e0020}', '\u{e007f}', '\u0301', '👍', 'a'];
    for (const bad of [...tails.map((tail) => `👍${tail}`), 'a', '1', '🇩', '\u{1f3f4}\u{e0078}\u{e007f}'])
      expect((await react('usr_a', bad)).status, JSON.stringify(bad)).to.equal(400);
  });

  it('a message takes 50 different emojis, exactly, from all instances together', async () => {
    const tried = await Promise.all(
      MANY.map((emoji, i) => served(() => react(`usr_u${i % 7}`, emoji, i % 2 ? one : two))),
    );
    expect(tried.filter(({ status }) => status === 204)).to.have.length(50);
    const refused = tried.find(({ status }) => status === 409);
    expect(refused?.body).to.deep.include({ code: 'CONFLICT', details: { reason: 'too_many_reactions', max: 50 } });
    const emojis: string[] = (await reactionsFor('usr_a')).map(({ emoji }: any) => emoji);
    expect(emojis).to.have.length(50);
    // An emoji that is there can still be used.
    await react('usr_more', emojis[0] as string).expect(204);
    await one.ask('usr_more', 'delete', path(emojis[0] as string)).expect(204);
    expect((await one.log(room)).filter(({ type }) => type === 'reaction')).to.have.length(52);
  });

  it('each event tells the count after it, and the answer whether the caller reacted', async () => {
    await react('usr_a', '👍').expect(204);
    await react('usr_b', '👍', two).expect(204);
    await react('usr_b', '🎉').expect(204);
    await one.ask('usr_a', 'delete', path('👍')).expect(204);
    const events = (await one.log(room)).filter(({ type }) => type === 'reaction');
    expect(events.map(({ emoji, action, count }) => `${emoji} ${action} ${count}`)).to.deep.equal([
      '👍 added 1',
      '👍 added 2',
      '🎉 added 1',
      '👍 removed 1',
    ]);
    const mine = async (user: string) => (await reactionsFor(user)).map(({ emoji, me }: any) => [emoji, me]);
    expect(await mine('usr_b')).to.deep.equal([
      ['👍', true],
      ['🎉', true],
    ]);
    expect(await mine('usr_a')).to.deep.equal([
      ['👍', false],
      ['🎉', false],
    ]);
    await react('usr_a', '🎉').expect(204);
    for (const list of [`/messages/?chat_id=${room}`, '/messages/?limit=100', '/rooms?limit=100']) {
      const { body } = await one.ask('usr_a', 'get', list).expect(200);
      const messages = body.messages ?? body.rooms.flatMap((one: any) => one.last_message ?? []);
      const { reactions } = messages.find((message: any) => message.id === id);
      expect(
        reactions.map(({ me }: any) => me),
        list,
      ).to.deep.equal([false, true]);
    }
  });

  it('who reacted is listed page by page', async () => {
    const users = Array.from({ length: 25 }, (_, i) => `usr_u${String(i).padStart(2, '0')}`);
    for (const user of users) await react(user, '❤').expect(204);
    await react('usr_other', '🎉').expect(204);
    const seen: string[] = [];
    for (let cursor = '', more = true; more; ) {
      const query = `limit=10${cursor === '' ? '' : `&cursor=${cursor}`}`;
      const { body } = await two.ask('usr_b', 'get', `${path('❤️')}?${query}`).expect(200);
      expect(body.users.every(({ created_at }: any) => /Z$/.test(created_at))).to.equal(true);
      seen.push(...body.users.map(({ user_id }: any) => user_id));
      expect(body.next_cursor === null).to.equal(!body.has_more);
      cursor = body.next_cursor;
      more = body.has_more;
    }
    expect(seen).to.deep.equal(users);
    expect((await one.ask('usr_b', 'get', `${path('❤')}?limit=1&skip=3`)).body.users[0].user_id).to.equal(users[3]);
    expect((await one.ask('usr_b', 'get', path('😶'))).body).to.deep.equal({
      users: [],
      has_more: false,
      next_cursor: null,
    });
    await one.ask('usr_b', 'get', path('nope')).expect(400);
    await one.ask('usr_a', 'put', `/rooms/${room}`, { visibility: 'private' }).expect(200);
    await one.ask('usr_stranger', 'get', path('❤')).expect(404);
  });

  it('old rows get their keys by the migration, and rows of the version before when they are written', async () => {
    const { db } = one.ctx;
    const { seq } = (await one.ask('usr_a', 'get', `/messages/${id}`)).body;
    const insert = (emoji: string, user_id: string) =>
      db.raw('insert into reactions (room_id, seq, emoji, user_id) values (?, ?, ?, ?) on conflict do nothing', [
        room,
        seq,
        emoji,
        user_id,
      ]);
    await insert('👍\uFE0F', 'usr_a');
    await insert('👍', 'usr_a');
    expect(await reactionsFor('usr_a')).to.have.length(1);
    await db.raw('alter table reactions disable trigger key_of_reaction');
    for (const emoji of ['👍\uFE0F', '👍\u200D', '👍\u0301', '👍\u{e0020}', '❤\uFE0F', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', '1️⃣'])
      await insert(emoji, 'usr_b');
    await db.raw('alter table reactions enable trigger key_of_reaction');
    await oldReactionsMigration.online?.(db);
    expect((await reactionsFor('usr_b')).map(({ emoji, count }: any) => `${emoji} ${count}`).sort()).to.deep.equal(
      ['👍 2', '❤️ 1', '🏴󠁧󠁢󠁥󠁮󠁧󠁿 1', '1️⃣ 1'].sort(),
    );
  });

  it('an erased user’s reactions are taken back with the counts that are left', async () => {
    await react('usr_gone', '👍').expect(204);
    await react('usr_b', '👍').expect(204);
    await one.ctx.db.transaction((trx) =>
      orderErasures(trx, [{ user_id: 'usr_gone', erased_at: new Date().toISOString() }]),
    );
    for (const end = Date.now() + 5000; Date.now() < end && (await reactionsFor('usr_b'))[0].count === 2; )
      await new Promise((resolve) => setTimeout(resolve, 50));
    const last = (await one.log(room)).filter(({ type, action }) => type === 'reaction' && action === 'removed').at(-1);
    expect(last).to.deep.include({ emoji: '👍', user_id: 'usr_gone', count: 1 });
  });

  it('replies, and deleted replies, tell how many their parent has', async () => {
    const reply = (m: Messages, content: string) => m.send('usr_b', { chat_id: room, content, reply_to: id });
    const first = (await reply(one, 'r1').expect(201)).body.id;
    await Promise.all(Array.from({ length: 8 }, (_, i) => reply(i % 2 ? one : two, `more${i}`).expect(201)));
    await one.ask('usr_b', 'delete', `/messages/${first}`).expect(204);
    await reply(two, 'last').expect(201);
    const log = await one.log(room);
    const replies = log.filter(({ reply_to, type }) => reply_to === id && type === 'message');
    expect(replies.map((one) => one.parent_thread_count)).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 9]);
    const gone = log.find(({ type }) => type === 'message_deleted');
    expect(gone).to.deep.include({ message_id: first, reply_to: id, parent_thread_count: 8 });
    expect((await one.ask('usr_a', 'get', `/messages/${id}`)).body.thread_count).to.equal(9);
    expect(log.find(({ content }) => content === 'x')).not.to.have.property('parent_thread_count');
  });

  it('a page and its last_seq are one snapshot, also in the list of rooms', async () => {
    let over = false;
    const writing = (async () => {
      for (let i = 0; !over; i++)
        await (i % 2 === 0 ? react('usr_w', '👍') : two.ask('usr_w', 'delete', path('👍'))).expect(204);
    })();
    const seen: [number, number][] = [];
    const read = async (list: string): Promise<void> => {
      const { body } = await two.ask('usr_a', 'get', list).expect(200);
      const [message, last_seq] =
        body.rooms === undefined
          ? [body.messages.at(-1), body.last_seq]
          : [body.rooms[0].last_message, body.rooms[0].last_seq];
      seen.push([last_seq, message.reactions.length]);
    };
    await one.send('usr_a', { chat_id: room, content: 'y' }).expect(201);
    for (let i = 0; i < 60; i++) await read(`/messages/?chat_id=${room}`);
    over = true;
    await writing;
    const events = await one.log(room);
    for (const [last_seq, count] of seen) {
      const last = events.filter(({ seq, type }) => type === 'reaction' && seq <= last_seq).at(-1);
      expect(count, `at ${last_seq}`).to.equal(last?.action === 'added' ? 1 : 0);
    }
  });
});
