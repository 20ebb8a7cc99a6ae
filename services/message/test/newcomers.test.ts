import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { enterGeneral, foldEntries } from '../src/access/general-room-store.ts';
import { handlers } from '../src/facts.ts';
import { type Messages, openMessages } from './harness.ts';

const START = '2026-01-01T00:00:00.000Z';

/** Not the transaction itself. */
const isOfRule = (sql: string): boolean => !/^(?:begin|commit)/i.test(sql);

describe('many new users', () => {
  let one: Messages;
  before(async () => {
    one = await openMessages();
  });
  after(() => one?.close());
  const accounts = (stem: string, count: number, more: object = {}) =>
    Array.from({ length: count }, (_, i) => ({
      user_id: `usr_${stem}${i}`,
      username: `${stem}${i}`,
      email: null,
      display_name: `The ${stem} ${i}`,
      role: 'user' as const,
      status: 'active' as const,
      created_at: START,
      updated_at: START,
      ...more,
    }));
  const heard = (name: 'account.created' | 'account.updated', list: ReturnType<typeof accounts>) =>
    one.ctx.db.transaction(async (trx) => await handlers[name]?.(list, trx));
  const members = async (): Promise<number> => (await one.ask('usr_reader', 'get', '/rooms/general')).body.member_count;

  it('are members of general, and counted once, whoever counts', async () => {
    await members();
    await eventually(async () => (await one.ctx.db('general_entries')).length === 0);
    const before = await members();
    await heard('account.created', accounts('new', 300));
    await Promise.all([1, 2, 3].map(() => enterGeneral(one.ctx.db, ['usr_new1', 'usr_new2', 'usr_late'])));
    await Promise.all([foldEntries(one.ctx.db), foldEntries(one.ctx.db)]);
    await eventually(async () => (await members()) === before + 301);
    const [counted] = await one.ctx.db('room_members').where('room_id', 'general').count({ n: '*' });
    expect(Number(counted?.n)).to.equal(before + 301);
  });

  it('are written by three statements, however many, and the newest of each counts', async () => {
    const list = [
      ...accounts('set', 100),
      ...accounts('set', 100, { updated_at: '2026-01-02T00:00:00.000Z', username: 'later' }),
    ];
    let queries = 0;
    await one.ctx.db.transaction(async (trx) => {
      trx.on('query', ({ sql }) => void (isOfRule(sql) && queries++));
      await handlers['account.created']?.(list, trx);
    });
    expect(queries).to.equal(2);
    expect(await one.ctx.db('people').where('user_id', 'like', 'usr_set%').where('username', 'later')).to.have.length(
      100,
    );
  });

  it('wait for no send in general, and no send waits for them', async () => {
    await one.send('usr_a', { chat_id: 'general', content: 'before' }).expect(201);
    const held = await one.ctx.db.transaction();
    await held.raw(`select 1 from rooms where id = 'general' for no key update`);
    try {
      await heard('account.created', accounts('free', 10));
    } finally {
      await held.rollback();
    }
    const entering = await one.ctx.db.transaction();
    await handlers['account.created']?.(accounts('slow', 10), entering);
    await one.send('usr_a', { chat_id: 'general', content: 'meanwhile' }).expect(201);
    const sent = (await one.ask('usr_a', 'get', '/messages/?chat_id=general&limit=1')).body.messages[0];
    await one.ask('usr_a', 'put', `/messages/${sent.id}`, { content: 'edited' }).expect(200);
    await entering.commit();
  });

  it('show whether they are bots, also when an older process tells them later', async () => {
    await heard('account.created', accounts('robot', 1, { kind: 'bot' }));
    await heard('account.updated', accounts('robot', 1, { updated_at: '2026-02-01T00:00:00.000Z' }));
    await one.ask('usr_owner', 'post', '/rooms', {
      chat_id: 'robots',
      visibility: 'private',
      member_ids: ['usr_robot0', 'usr_person'],
    });
    const { body } = await one.ask('usr_owner', 'get', '/rooms/robots/members');
    expect(body.members.map(({ user_id, kind }: { user_id: string; kind: string }) => [user_id, kind])).to.deep.equal([
      ['usr_owner', 'user'],
      ['usr_robot0', 'bot'],
      ['usr_person', 'user'],
    ]);
  });

  for (const [order, inOrder] of [
    ['before a change of the account', (a: object[], b: object[]) => [a, b]],
    ['after it', (a: object[], b: object[]) => [b, a]],
    ['together with it', (a: object[], b: object[]) => [[...b, ...a]]],
  ] as const)
    it(`the name and picture of a new account are kept when it is told ${order}`, async () => {
      const stem = `pictured${order.length}`;
      const made = accounts(stem, 1, { display_name: 'Ann', avatar_url: 'https://example.org/ann.png' });
      const changed = accounts(stem, 1, { username: 'ann', updated_at: '2026-02-01T00:00:00.000Z' }).map(
        ({ display_name: _, ...account }) => account,
      );
      for (const facts of inOrder(made, changed)) await heard('account.created', facts as typeof made);
      const [person] = await one.ctx.db('people').where({ user_id: `usr_${stem}0` });
      expect(person).to.include({ username: 'ann', display_name: 'Ann', avatar_url: 'https://example.org/ann.png' });
      expect(await one.ctx.db('people_changes').where({ user_id: `usr_${stem}0` })).to.have.length(
        order === 'together with it' ? 0 : 1,
      );
    });

  it('names of many profiles are written at once; one of an unknown account fails the batch', async () => {
    await heard('account.created', accounts('named', 50));
    const profiles = accounts('named', 50).flatMap(({ user_id }) => [
      { user_id, display_name: 'Old', bio: '', avatar_url: null, updated_at: '2026-01-03T00:00:00.000Z' },
      { user_id, display_name: 'New', bio: '', avatar_url: null, updated_at: '2026-01-04T00:00:00.000Z' },
    ]);
    let queries = 0;
    const apply = (list: typeof profiles) =>
      one.ctx.db.transaction(async (trx) => {
        trx.on('query', ({ sql }) => void (isOfRule(sql) && queries++));
        await handlers['profile.updated']?.(list, trx);
      });
    await apply(profiles);
    expect(queries).to.equal(1);
    expect(
      await one.ctx.db('people').where('user_id', 'like', 'usr_named%').where('display_name', 'New'),
    ).to.have.length(50);
    const unknown = { ...profiles[0], user_id: 'usr_nobody_yet' } as (typeof profiles)[0];
    const failed = await apply([...profiles, unknown]).then(
      () => '',
      (error: Error) => error.message,
    );
    expect(failed).to.match(/not known yet/);
  });

  it('erasures of many are ordered at once', async () => {
    await heard('account.created', accounts('gone', 20));
    const erased = accounts('gone', 20).map(({ user_id }) => ({ user_id, erased_at: START }));
    let queries = 0;
    await one.ctx.db.transaction(async (trx) => {
      trx.on('query', ({ sql }) => void (isOfRule(sql) && queries++));
      await handlers['account.erased']?.([...erased, ...erased], trx);
    });
    expect(queries).to.equal(3);
    await eventually(async () => (await one.ctx.db('erasures')).length === 0, 20_000);
    expect(await one.ctx.db('room_members').where('user_id', 'like', 'usr_gone%')).to.deep.equal([]);
  });
});
