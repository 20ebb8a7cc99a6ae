import type { Facts } from '@chatapi/bus';
import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { handlers } from '../src/facts.ts';
import { mentionedNames, mentionsOf } from '../src/messages/mentions.ts';
import { type Messages, openMessages } from './harness.ts';

const KNOWN = new Map(['bob', 'bob-san', 'al.bo', 'x_y', 'eve'].map((name) => [name, name]));
const named = (content: string): string[] => mentionsOf(mentionedNames(content), KNOWN).mentions;

const BOB = [
  ...['@bob', 'hi @BOB!', '_@bob_', '__@bob__', '**_@bob_**', '-@bob', '- @bob', '.@bob', 'thanks...@bob', '@bob_'],
  ...['ask @bob.Then', '@bob--thanks', '(@bob)', '"@bob"', '@bob.', '@bob...', '@bob, hi', '@bob/@eve-ish', '@bob:'],
  ...[
    '交给@bob',
    '@bob请看',
    '안녕@bob님',
    'ขอบคุณ@bobครับ',
    'にゃー@bobさん',
    '❤️@bob',
    '@@bob',
    '/@bob',
    '`@bob',
    'a ` b @bob',
  ],
  ...[
    '`code` @bob `code`',
    '```x``` @bob',
    '``a`b`` @bob',
    'https://example.com @bob',
    '(https://example.com)@bob',
    '“https://x.org”@bob',
  ],
  ...['`a\n\n@bob b`', 'https://example.com/看@bob', 'v1.25/@bob', 'a/b.c/@bob', '@bob\u200b'],
];
const NOBODY = [
  ...[
    'joe@bob',
    'josé@bob',
    'jose\u0301@bob',
    'почта@bob',
    'αβγ@bob',
    'user7@bob',
    'ａ@bob',
    '@bobby',
    '@bobé',
    '@bobа',
    '@bo',
  ],
  ...[
    'https://example.com/@bob',
    'https://medium.com/@bob/post',
    'medium.com/@bob',
    'www.example.com/a/@bob',
    'HTTP://x/@bob',
  ],
  ...[
    'ftp://@bob@example.com',
    'https://example.com?u=@bob',
    'https://en.example.org/a_(b)/@bob',
    'https://ja.example.org/東京/@bob',
    'https://例え.jp/@bob',
  ],
  ...['`@bob`', 'a `x @bob y` b', '```\n@bob\n```', '```js\n@bob\n\n@bob\n``` end', '``@bob ` x``'],
];

describe('who is mentioned', () => {
  it('by any `@name` that is no part of an address, a link or code', () => {
    for (const text of BOB) expect(named(text)[0], text).to.equal('bob');
  });

  it('by nothing else', () => {
    for (const text of NOBODY) expect(named(text), text).to.deep.equal([]);
  });

  it('is who has the longest name that the text can mean', () => {
    expect(named('@bob-san @bob-sama')).to.deep.equal(['bob-san', 'bob']);
    expect(named('@al.bo. @al.bob @x_y_ @x_')).to.deep.equal(['al.bo', 'x_y']);
    expect(mentionsOf(mentionedNames('@bob-new'), KNOWN)).to.deep.equal({
      mentions: ['bob'],
      unknown_names: ['bob-new', 'bob-'],
    });
    expect(mentionsOf(mentionedNames(`@${'a'.repeat(40)} @${'a-'.repeat(30)}`), KNOWN).mentions).to.deep.equal([]);
  });
});

describe('mentions of a message', () => {
  let m: Messages;
  before(async () => {
    m = await openMessages();
    await m.ctx.db('people').insert({ user_id: 'usr_bob', username: 'Bob', account_at: new Date() });
  });
  after(() => m?.close());

  const arrive = (username: string, created = new Date()): Promise<void> => {
    const at = created.toISOString();
    const account = {
      user_id: `usr_${username}`,
      username,
      email: `${username}@x.org`,
      role: 'user',
      status: 'active',
    };
    const fact = { ...account, display_name: username, created_at: at, updated_at: at } as Facts['account.created'];
    return m.ctx.db.transaction((trx) => handlers['account.created']?.([fact], trx) as Promise<void>);
  };
  const post = async (content: string, chat_id = 'named') =>
    (await m.send('usr_a', { chat_id, content }).expect(201)).body;
  const edit = async (id: string, content: string) =>
    (await m.ask('usr_a', 'put', `/messages/${id}`, { content }).expect(200)).body;
  const updates = async (id: string): Promise<Record<string, any>[]> =>
    (await m.log('named')).filter(({ type, message_id }) => type === 'message_updated' && message_id === id);
  const seen = async (id: string) => (await m.ask('usr_a', 'get', `/messages/${id}`).expect(200)).body;

  it('are in the frame of an edit that adds or removes a name', async () => {
    const { id } = await post('plain');
    expect((await edit(id, 'now @bob')).mentions).to.deep.equal(['usr_bob']);
    await edit(id, 'plain again');
    expect((await updates(id)).map(({ mentions }) => mentions)).to.deep.equal([['usr_bob'], []]);
  });

  it('are completed once, without an edit, when somebody becomes known', async () => {
    const { id } = await post('welcome @newbie and @bob');
    expect((await seen(id)).mentions).to.deep.equal(['usr_bob']);
    await arrive('Newbie', new Date(Date.now() - 1000));
    await eventually(async () => (await updates(id)).length === 1);
    const [frame] = await updates(id);
    expect(frame).to.include({ content: 'welcome @newbie and @bob', is_edited: false });
    expect(frame?.mentions).to.deep.equal(['usr_Newbie', 'usr_bob']);
    expect(await seen(id)).to.deep.include({ mentions: ['usr_Newbie', 'usr_bob'], is_edited: false });
    await m.ctx
      .db('people')
      .where('user_id', 'usr_Newbie')
      .update({ naming_due_at: new Date(0) });
    await eventually(async () => (await m.ctx.db('people').where('naming_due_at', new Date(0))).length === 0);
    expect(await updates(id)).to.have.length(1);
  });

  it('are completed by the longer name, also behind edits, and never in a deleted message', async () => {
    const longer = await post('hello @bob-the-2nd');
    const edited = await post('nobody');
    await edit(edited.id, 'hello @bob-the-2nd');
    const changed = await post('hello @bob-the-2nd');
    await edit(changed.id, 'hello nobody');
    const gone = await post('hello @bob-the-2nd');
    await m.ask('usr_a', 'delete', `/messages/${gone.id}`).expect(204);
    expect((await seen(longer.id)).mentions).to.deep.equal(['usr_bob']);
    await arrive('bob-the-2nd');
    await eventually(async () => (await updates(edited.id)).length === 2);
    expect((await seen(longer.id)).mentions).to.deep.equal(['usr_bob-the-2nd']);
    expect((await updates(edited.id)).at(-1)).to.deep.include({ mentions: ['usr_bob-the-2nd'], is_edited: true });
    expect([await updates(changed.id), await updates(gone.id)].map(({ length }) => length)).to.deep.equal([1, 0]);
  });

  it('do not name who took the name after the message was written', async () => {
    const { id } = await post('@override the default');
    await arrive('override', new Date(Date.now() + 3_600_000));
    const later = await post('@later');
    await arrive('later');
    await eventually(async () => (await updates(later.id)).length === 1);
    expect((await seen(id)).mentions).to.deep.equal([]);
  });

  it('are completed by exactly one of two instances', async () => {
    const twin = await m.twin();
    const posted = await Promise.all(Array.from({ length: 20 }, () => post('all greet @twin')));
    await arrive('twin');
    await eventually(async () =>
      (await Promise.all(posted.map(({ id }) => updates(id)))).every((all) => all.length === 1),
    );
    await twin.close();
  });
});
