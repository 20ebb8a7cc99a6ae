import { expect } from 'chai';
import Joi from 'joi';
import { parse } from '../src/input.ts';
import { cursorKey, encodeCursor, idPaging, page, paging } from '../src/page.ts';

type Key = readonly [number, string];
const query = Joi.object(paging<Key>(cursorKey(Joi.number().integer(), Joi.string().pattern(/^[a-z]+$/))));
const read = (given: Record<string, string>) => parse<any>(query, given, 'text');

describe('a page of a list', () => {
  it('has the cursor of the next one, which stands for its last item; the last page has none', () => {
    const rows = [1, 2, 3].map((n) => ({ n, id: 'abc'[n - 1] as string }));
    const first = page('rows', rows, 2, ({ n, id }) => [n, id]);
    expect(first.rows).to.deep.equal(rows.slice(0, 2));
    expect(first.has_more).to.equal(true);
    expect(read({ cursor: first.next_cursor as string }).cursor).to.deep.equal([2, 'b']);
    const last = page('rows', rows, 3, ({ n, id }) => [n, id]);
    expect(last).to.deep.equal({ rows, has_more: false, next_cursor: null });
  });

  it('refuses what is no cursor of this list', () => {
    for (const cursor of [
      ...['', 'x', '0', '-1', 'null', 'e30', '%00', 'W10', 'W10=', 'x'.repeat(10_000)],
      encodeCursor(['1', 'a']),
      encodeCursor([1, 'A']),
      encodeCursor([1]),
      encodeCursor([1, 'a', 'b']),
      encodeCursor([1e300, 'a']),
      Buffer.from('{"0":1,"1":"a","length":2}').toString('base64url'),
    ])
      expect(() => read({ cursor }), cursor).to.throw('cursor');
  });

  it('begins after `skip` items or at a cursor, not both', () => {
    const cursor = encodeCursor([1, 'a']);
    expect(() => read({ cursor, skip: '1' })).to.throw('cursor must not stand beside skip');
    expect(read({ cursor, skip: '0' })).to.deep.include({ skip: 0, limit: 50 });
    expect(read({ skip: '10000' })).to.include({ skip: 10_000 });
    expect(() => read({ skip: '10001' })).to.throw('skip');
    const byId = parse<any>(Joi.object(idPaging()), { cursor: encodeCursor(['usr_1']) }, 'text');
    expect(byId.cursor).to.deep.equal(['usr_1']);
  });
});
