import { eventually, served } from '@chatapi/kit/testing';
import { expect } from 'chai';
import fc from 'fast-check';
import { searchQuery } from '../src/search-index/query.ts';
import { searchVector } from '../src/search-index/vector.ts';
import { type Messages, openMessages } from './harness.ts';

/** Texts with what finds them. */
const FOUND: Record<string, string[]> = {
  'yes/no': ['yes', 'no', 'yes/no', 'n'],
  'sess.opts.crate': ['opts', 'sess.opts', 'crate'],
  'see https://github.com/Org/Repo': ['Repo', 'Org/Repo', 'github', 'https://github.com/Org/Repo'],
  'ann@example.com': ['ann', 'example.com', 'ann@example.com'],
  'ABC-4711 and -42': ['4711', 'abc', 'abc-4711', '42'],
  'src/server/index.ts': ['index.ts', 'server/index', 'index'],
  'v1.2.3': ['1.2.3', 'v1.2.3', 'v1'],
  'wi-fi snake_case key=value foo(bar)': ['fi', 'snake', 'case', 'value', 'bar', 'wi-fi'],
  我家在上海东边: ['上海', '海', '我家在上海东边', '边'],
  東京都とコーヒー: ['京都', 'コーヒー', 'ｺｰﾋｰ'],
  สวัสดีครับ: ['สวัสดี', 'ครับ'],
  ສະບາຍດີ: ['ບາຍ'],
  សួស្តីអ្នក: ['អ្នក'],
  မင်္ဂလာပါ: ['လာပါ'],
  한국어를공부해요: ['공부', '한국', '어'],
  'Crème brûlée, ПРИВЕТ, Straße, İzmir, Łódź': ['creme', 'привет', 'STRASSE', 'izmir', 'lodz', 'brul'],
  'don’t panic': ["don't", 'don', 'donʼt pan'],
  'so\u00adft hy\u200bphen': ['soft', 'hyphen'],
  'great 🎉 party': ['🎉', 'great party'],
};

describe('a search for messages', () => {
  let m: Messages;
  let sent = 0;
  before(async () => {
    m = await openMessages();
  });
  after(() => m?.close());

  const post = async (chat_id: string, content: string): Promise<{ id: string; seq: number }> => {
    const client_id = `search-${sent++}`;
    const { status, body } = await served(() => m.send('usr_s', { chat_id, content, client_id }));
    // 200: a 503 came after the commit.
    expect(status).to.be.oneOf([200, 201]);
    return body;
  };
  const find = async (q: string, chat_id: string, more = ''): Promise<string[]> => {
    const path = `/messages/search?q=${encodeURIComponent(q)}&chat_id=${chat_id}${more}`;
    return (await m.ask('usr_s', 'get', path).expect(200)).body.messages.map((one: any) => one.content);
  };

  it('finds a text by its parts, by any piece in scripts without spaces, and by other spellings', async () => {
    for (const content of Object.keys(FOUND)) await post('parts', content);
    const missed: string[] = [];
    for (const [content, queries] of Object.entries(FOUND))
      for (const q of queries) if (!(await find(q, 'parts')).includes(content)) missed.push(`${q} in ${content}`);
    expect(missed).to.deep.equal([]);
  });

  it('does not find what is not there', async () => {
    for (const q of ['上边', '都京', 'repo/org', 'example.org', '3.2.1', 'yesno', 'oup'])
      expect(await find(q, 'parts'), q).to.deep.equal([]);
  });

  it('wants all words, a phrase in its order, and none of the unwanted; only the last may be unfinished', async () => {
    for (const content of ['red apple pie', 'apple red', 'green apple', '一个苹果 red']) await post('words', content);
    expect(await find('apple red', 'words')).to.deep.equal(['apple red', 'red apple pie']);
    expect(await find('"red apple"', 'words')).to.deep.equal(['red apple pie']);
    expect(await find('“red apple”', 'words')).to.deep.equal(['red apple pie']);
    expect(await find('"red app', 'words')).to.deep.equal(['red apple pie']);
    expect(await find('"red app"', 'words')).to.deep.equal([]);
    expect(await find('apple -red', 'words')).to.deep.equal(['green apple']);
    expect(await find('red -"apple pie" -苹果', 'words')).to.deep.equal(['apple red']);
    expect(await find('gre', 'words')).to.deep.equal(['green apple']);
    expect(await find('gre apple', 'words')).to.deep.equal([]);
    expect(await find('-red', 'words')).to.deep.equal([]);
    expect(await find('apple', 'words', '&limit=1&skip=1')).to.deep.equal(['apple red']);
  });

  it('looks into one room only, which the caller must be able to read', async () => {
    await post('here', 'walnut');
    await post('there', 'walnut');
    expect(await find('walnut', 'here')).to.have.length(1);
    await m.ask('usr_s', 'post', '/rooms', { chat_id: 'locked', visibility: 'private' }).expect(201);
    for (const room of ['locked', 'none'])
      await m.ask('usr_x', 'get', `/messages/search?q=a&chat_id=${room}`).expect(404);
  });

  it('follows edits and deletions at once, and keeps no word of a deleted message', async () => {
    const { id } = await post('changes', 'first draft');
    await m.ask('usr_s', 'put', `/messages/${id}`, { content: 'second version' }).expect(200);
    expect([await find('draft', 'changes'), await find('version', 'changes')]).to.deep.equal([[], ['second version']]);
    await m.ask('usr_s', 'delete', `/messages/${id}`).expect(204);
    expect(await find('version', 'changes')).to.deep.equal([]);
    const [row] = await m.ctx.db('messages').where({ id }).select('search', 'search_version', 'unknown_names');
    expect(row).to.deep.equal({ search: null, search_version: null, unknown_names: null });
  });

  it('finds what an older version inserted or edited, at once by whole words and soon by all', async () => {
    const old = await post('older', 'https://example.com/Grüße');
    await m.ctx.db('messages').where({ id: old.id }).update({ search: null, search_version: null });
    expect(await find('example.com', 'older')).to.have.length(1);
    const edited = await post('older', 'stale words');
    await m.ctx.db('messages').where({ id: edited.id }).update({ content: 'fresh café' });
    expect([await find('stale', 'older'), await find('fresh', 'older')]).to.deep.equal([[], ['fresh café']]);
    await eventually(async () => (await find('grusse', 'older')).length + (await find('cafe', 'older')).length === 2);
    const gone = await post('older', 'secret');
    await m.ctx.db('messages').where({ id: gone.id }).update({ content: '', is_deleted: true });
    expect(await m.ctx.db('messages').where({ id: gone.id }).whereNotNull('search')).to.deep.equal([]);
  });

  it('answers whatever is typed, with words of any length and number', async () => {
    const typed = [
      '\'"; & | ! ( ) : * <->',
      '\\',
      "'",
      '"',
      '""',
      '- -',
      '*:',
      '\u3164',
      '🙂🙂',
      '\u0301',
      '%',
      'a:*',
      '<2>',
    ];
    for (const q of [...typed, 'x'.repeat(200), '漢'.repeat(200), 'a1'.repeat(100)]) await find(q, 'parts');
    for (const content of [
      'x'.repeat(4000),
      '漢'.repeat(4000),
      'a1'.repeat(2000),
      'a '.repeat(2000),
      '😀'.repeat(4000),
    ]) {
      await post('long', content);
      expect(await find(content.slice(0, 200), 'long'), content.slice(0, 9)).to.include(content);
    }
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 50 }), async (text) => {
        const query = searchQuery(text.toWellFormed().replaceAll('\0', '')) ?? `'x'`;
        await m.ctx.db.raw('select ?::tsvector, ?::tsquery', [searchVector(text.replaceAll('\0', '')), query]);
      }),
      { numRuns: 200 },
    );
  });

  it('numbers 16,383 positions; words after them are found alone', async () => {
    const vector = searchVector(Array.from({ length: 20_000 }, (_, i) => `w${i}x`).join(' '));
    const matches = async (q: string): Promise<boolean> =>
      (await m.ctx.db.raw('select ?::tsvector @@ ?::tsquery found', [vector, searchQuery(q) ?? ''])).rows[0].found;
    expect(await matches('"w16000x w16001x"')).to.equal(true);
    expect([await matches('w19999x'), await matches('"w19998x w19999x"')]).to.deep.equal([true, false]);
  });

  it('that is slow delays neither sends nor lists of rooms', async () => {
    const slow = Array.from({ length: 12 }, () => m.ctx.searches.query('select pg_sleep(1)').catch(() => undefined));
    const waiting = m.ask('usr_s', 'get', '/messages/search?q=walnut').then(({ status }) => status);
    const began = performance.now();
    await post('here', 'meanwhile');
    await m.ask('usr_s', 'get', '/rooms').expect(200);
    expect(performance.now() - began).to.be.lessThan(900);
    expect(await waiting).to.be.oneOf([200, 503]);
    await Promise.all(slow);
  });
});
