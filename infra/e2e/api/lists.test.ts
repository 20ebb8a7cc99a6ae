// Every list of the API, read page by page.
import { expect } from 'chai';
import { type Account, type Json, login, loginAdmin, register, rest, say, unique } from '../support/client.ts';
import { expectInvalid } from '../support/expects.ts';
import '../support/shared-cluster.ts';

interface Found {
  path: string;
  as: Account;
  /** The fewest items that it must have here. */
  least: number;
}

const LISTS = ['rooms', 'members', 'messages', 'users', 'files', 'sessions', 'entries', 'reports', 'announcements'];

const itemsOf = (page: Json): Json[] => page[LISTS.find((name) => name in page) as string];
const keyOf = (item: Json): string => item.id ?? item.user_id;

describe('every list', () => {
  let lists: Found[];
  before(async () => {
    const [ann, admin] = [await register('ann'), await loginAdmin()];
    await login(ann);
    await login(ann);
    const chat_id = unique('listed');
    for (const n of [1, 2, 3]) {
      const message = await say(ann, { chat_id, content: `word${chat_id} ${n}` });
      await say(ann, { chat_id: unique('other'), content: 'x' });
      await rest(ann).post('/reports', { target_type: 'message', target_id: message.id, reason: 'x' }).expect(201);
      await rest(admin)
        .post('/admin/announcements', { text: `${chat_id} ${n}` })
        .expect(201);
      const member = await register('listed');
      await rest(member).post(`/rooms/${chat_id}/join`).expect(204);
      await rest(ann)
        .post('/files/upload')
        .attach('file', Buffer.from(`${n}`), `${n}.txt`)
        .expect(201);
    }
    lists = [
      { path: '/rooms', as: ann, least: 5 },
      { path: '/rooms/public', as: ann, least: 5 },
      { path: `/rooms/${chat_id}/members`, as: ann, least: 4 },
      { path: '/messages/', as: ann, least: 6 },
      { path: `/messages/?chat_id=${chat_id}`, as: ann, least: 3 },
      { path: `/messages/?chat_id=${chat_id}&after_seq=0`, as: ann, least: 3 },
      { path: `/messages/search?q=word${chat_id}`, as: ann, least: 3 },
      { path: '/users?search=listed', as: ann, least: 3 },
      { path: '/users/me/sessions', as: ann, least: 3 },
      { path: '/files', as: ann, least: 3 },
      { path: '/announcements', as: ann, least: 3 },
      { path: '/admin/users', as: admin, least: 4 },
      { path: '/admin/audit-log', as: admin, least: 3 },
      { path: '/admin/reports', as: admin, least: 3 },
      { path: '/admin/announcements', as: admin, least: 3 },
    ];
  });

  const paged = (path: string, query: string): string => `${path}${path.includes('?') ? '&' : '?'}${query}`;

  it('has a cursor that leads to its next page, until the last one', async () => {
    for (const { path, as, least } of lists) {
      const keys: string[] = [];
      let cursor = '';
      for (let pages = 0; pages < 10; pages++) {
        const page: Json = (
          await rest(as)
            .get(paged(path, `limit=2${cursor}`))
            .expect(200)
        ).body;
        keys.push(...itemsOf(page).map(keyOf));
        expect(page.next_cursor === null, path).to.equal(!page.has_more);
        if (!page.has_more) break;
        cursor = `&cursor=${page.next_cursor}`;
      }
      expect(keys.length, path).to.be.at.least(least);
      expect(new Set(keys).size, path).to.equal(keys.length);
    }
  });

  it('refuses what is no cursor of it, a cursor beside skip, a skip over 10,000 and unknown parameters', async () => {
    for (const { path, as } of lists) {
      const { next_cursor } = (await rest(as).get(paged(path, 'limit=1')).expect(200)).body;
      for (const [query, name] of [
        ['cursor=x', 'cursor'],
        ['cursor=', 'cursor'],
        [`cursor=${next_cursor}x`, 'cursor'],
        [`cursor=${next_cursor}&skip=1`, 'cursor'],
        ['skip=10001', 'skip'],
        ['limit=0', 'limit'],
        ['page=2', 'page'],
        ['__proto__=2', '__proto__'],
      ] as const)
        expectInvalid(await rest(as).get(paged(path, query)), name);
    }
  });
});
