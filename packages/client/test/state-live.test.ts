// The stores over a fake socket and fake REST answers.
import { expect } from 'chai';
import { live, type RoomSnapshot } from '../src/state/index.ts';
import { FakeSocket, until } from './fake-server.ts';
import { ANNA, AT, event, HELLO, Scene, text } from './state-scene.ts';

const contents = ({ messages }: RoomSnapshot): string[] => messages.map(({ content }) => content);
const calls = (scene: Scene, start: string) => scene.asked.filter(({ path }) => path.startsWith(start));

describe('the stores', () => {
  let scene: Scene;

  beforeEach(() => {
    scene = new Scene();
  });
  afterEach(() => scene.live.client.close());

  it('open no connection and ask nothing until somebody subscribes, as on a server', async () => {
    const sockets = FakeSocket.all.length;
    const { live: stores } = scene;
    expect(stores.room('r1').getSnapshot()).to.include({ status: 'loading', hasOlder: false });
    expect(stores.rooms().getSnapshot()).to.deep.equal({ status: 'loading', rooms: [] });
    expect(stores.user('usr_a').getSnapshot()).to.equal(undefined);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect([scene.asked, FakeSocket.all.length]).to.deep.equal([[], sockets]);
  });

  it('are the same objects for each component, over one connection', async () => {
    const sockets = FakeSocket.all.length;
    await scene.connected(scene.live.rooms());
    const again = live(scene.live.client);
    again.room('r1').subscribe(() => undefined)();
    again.room('r1').subscribe(() => undefined);
    await until(() => again.room('r1').getSnapshot().status === 'ready');
    expect(again.room('r1')).to.equal(scene.live.room('r1'));
    expect(FakeSocket.all.length).to.equal(sockets + 1);
    expect(calls(scene, '/messages/')).to.have.length(1);
  });

  it('a room shows history and what comes then, with senders, in one request', async () => {
    const room = scene.live.room('r1');
    await scene.connected(room);
    await until(() => room.getSnapshot().status === 'ready');
    FakeSocket.last.say(event(4));
    FakeSocket.last.say({
      type: 'reaction',
      chat_id: 'r1',
      seq: 5,
      message_id: 'm1',
      user_id: 'usr_me',
      emoji: '👍',
      action: 'added',
    });
    await until(() => room.getSnapshot().messages[0]?.reactions.length === 1);
    expect(contents(room.getSnapshot())).to.deep.equal(['text 1', 'text 2', 'text 3', 'text 4']);
    expect(room.getSnapshot().messages[0]?.reactions).to.deep.equal([
      { emoji: '👍', count: 1, user_ids: ['usr_me'], me: true },
    ]);
    expect(room.getSnapshot().messages.map(({ sender }) => sender?.display_name)).to.deep.equal(Array(4).fill('Anna'));
    expect(scene.asked.map(({ path }) => path.split('?')[0])).to.deep.equal(['/messages/']);
  });

  it('keep the same snapshot and the same rows until they change', async () => {
    const room = scene.live.room('r1');
    const seen = await scene.connected(room);
    await until(() => room.getSnapshot().status === 'ready');
    const before = room.getSnapshot();
    FakeSocket.last.say({ type: 'typing', chat_id: 'r1', user_id: 'usr_a', timestamp: AT });
    await until(() => scene.live.typing('r1').getSnapshot().length === 1);
    expect(room.getSnapshot()).to.equal(before);
    FakeSocket.last.say(event(4));
    await until(() => room.getSnapshot() !== before);
    expect(
      room
        .getSnapshot()
        .messages.slice(0, 3)
        .every((row, i) => row === before.messages[i]),
    ).to.equal(true);
    expect(seen.at(-1)).to.equal(room.getSnapshot());
    expect(new Set(seen).size, 'no listener hears of a change that is none').to.equal(seen.length);
  });

  it('a listener that comes late gets what came before it', async () => {
    const room = scene.live.room('r1');
    await scene.connected(room);
    await until(() => room.getSnapshot().status === 'ready');
    FakeSocket.last.say(event(4));
    await until(() => room.getSnapshot().messages.length === 4);
    const late: string[][] = [];
    room.subscribe((snapshot) => late.push(contents(snapshot)));
    expect(late).to.deep.equal([['text 1', 'text 2', 'text 3', 'text 4']]);
  });

  it('an own message is shown at once, and is one row after its ack and its event', async () => {
    const room = scene.live.room('r1');
    await scene.connected(room);
    await until(() => room.getSnapshot().status === 'ready');
    const client_id = room.send({ content: 'mine' });
    const [shown] = room.getSnapshot().messages.slice(-1);
    expect(shown).to.deep.include({
      content: 'mine',
      local: { state: 'sending', error: undefined, progress: undefined },
    });
    await until(() => FakeSocket.last.sent.some((frame) => frame.client_id === client_id));
    FakeSocket.last.say({ type: 'ack', client_id, message_id: 'm4', chat_id: 'r1', seq: 4, created_at: AT });
    await until(() => room.getSnapshot().messages.at(-1)?.local?.state === 'sent');
    FakeSocket.last.say(event(4, { sender_id: 'usr_me', content: 'mine', client_id }));
    await until(() => room.getSnapshot().messages.at(-1)?.local === undefined);
    expect(contents(room.getSnapshot())).to.deep.equal(['text 1', 'text 2', 'text 3', 'mine']);
    expect(room.getSnapshot().messages.at(-1)?.key).to.equal(shown?.key);
  });

  it('a refused message stays with its reason, can be sent again and be removed', async () => {
    const room = scene.live.room('r1');
    await scene.connected(room);
    await until(() => room.getSnapshot().status === 'ready');
    const client_id = room.send({ content: 'bad' });
    await until(() => FakeSocket.last.sent.some((frame) => frame.client_id === client_id));
    FakeSocket.last.say({ type: 'error', client_id, code: 'VALIDATION_ERROR', message: 'no' });
    await until(() => room.getSnapshot().messages.at(-1)?.local?.state === 'failed');
    expect(room.getSnapshot().messages.at(-1)?.local?.error?.code).to.equal('VALIDATION_ERROR');
    room.retry(client_id);
    await until(() => FakeSocket.last.sent.filter((frame) => frame.client_id === client_id).length === 2);
    room.cancel(client_id);
    expect(contents(room.getSnapshot())).to.deep.equal(['text 1', 'text 2', 'text 3']);
  });

  it('an edit is shown at once, and taken back when it is refused', async () => {
    const room = scene.live.room('r1');
    await scene.connected(room);
    await until(() => room.getSnapshot().status === 'ready');
    const edit = room.edit('m1', 'better');
    expect(room.getSnapshot().messages[0]).to.include({ content: 'better', is_edited: true });
    await edit;
    expect(room.getSnapshot().messages[0]).to.include({ content: 'better', is_edited: true });
    scene.refuses = { status: 403, body: { error: true, code: 'AUTHORIZATION_ERROR', message: 'no' } };
    const refused = room.delete('m2').catch(({ code }) => code);
    expect(room.getSnapshot().messages[1]).to.include({ content: '', is_deleted: true });
    expect(await refused).to.equal('AUTHORIZATION_ERROR');
    expect(room.getSnapshot().messages[1]).to.include({ content: 'text 2', is_deleted: false });
  });

  it('custom is shown at once, with a message and as an edit of it changes it, and taken back', async () => {
    const room = scene.live.room('r1');
    await scene.connected(room);
    await until(() => room.getSnapshot().status === 'ready');
    const shown = (at: number) => room.getSnapshot().messages.at(at);
    const client_id = room.send({ content: 'mine', custom: { order: 1 } });
    expect(shown(-1)?.custom).to.deep.equal({ order: 1 });
    await until(() => FakeSocket.last.sent.some((frame) => frame.client_id === client_id));
    expect(FakeSocket.last.sent.find((frame) => frame.client_id === client_id)?.custom).to.deep.equal({ order: 1 });
    const custom = { a: 1, b: { c: 2 } };
    const updated = { type: 'message_updated', message_id: 'm2', attachments: [], is_edited: true, updated_at: AT };
    FakeSocket.last.say({ ...updated, chat_id: 'r1', seq: 4, content: 'text 2', mentions: [], custom });
    await until(() => shown(1)?.custom !== undefined);
    scene.refuses = { status: 403, body: { error: true, code: 'AUTHORIZATION_ERROR', message: 'no' } };
    const refused = room.edit('m2', { custom: { a: null, b: { d: 3 } } }).catch(({ code }) => code);
    expect(shown(1)).to.deep.include({ content: 'text 2', custom: { b: { c: 2, d: 3 } }, is_edited: true });
    expect(await refused).to.equal('AUTHORIZATION_ERROR');
    expect(shown(1)).to.deep.include({ custom });
    FakeSocket.last.say({ ...updated, chat_id: 'r1', seq: 5, content: 'text 2', mentions: [] });
    await until(() => shown(1)?.custom === undefined);
  });

  it('the list moves a room up, counts what is unread, and the badges sum it', async () => {
    const rooms = scene.live.rooms();
    await scene.connected(rooms);
    await until(() => rooms.getSnapshot().status === 'ready');
    const ids = () => rooms.getSnapshot().rooms.map(({ chat_id }) => chat_id);
    expect(ids()).to.deep.equal(['r1', 'r2']);
    const created_at = '2026-02-01T12:00:00.000Z';
    FakeSocket.last.say({ ...event(1, { chat_id: 'r2', created_at }) });
    await until(() => ids()[0] === 'r2');
    expect(rooms.getSnapshot().rooms[0]).to.deep.include({ unread_count: 1, last_seq: 1 });
    expect(scene.live.badges().getSnapshot()).to.deep.equal({ unread: 3, rooms: 2 });
    FakeSocket.last.say({ type: 'read', chat_id: 'r1', read_seq: 3, unread_count: 0, timestamp: AT });
    await until(() => scene.live.badges().getSnapshot().unread === 1);
    FakeSocket.last.say({ type: 'room_removed', chat_id: 'r2', timestamp: AT });
    await until(() => ids().length === 1);
  });

  it('names are asked for in one request where lists do not bear them', async () => {
    scene.users = undefined;
    scene.history.push(text(4, { sender_id: 'usr_b' }));
    const room = scene.live.room('r1');
    await scene.connected(room);
    await until(() =>
      room.getSnapshot().messages.every(({ sender }) => sender !== undefined && room.getSnapshot().messages.length > 0),
    );
    expect(calls(scene, '/users').map(({ path }) => path)).to.deep.equal(['/users?ids=usr_a,usr_b']);
  });

  it('a new name is shown everywhere', async () => {
    const room = scene.live.room('r1');
    await scene.connected(room);
    await until(() => room.getSnapshot().status === 'ready');
    FakeSocket.last.say({ type: 'user_updated', user_id: 'usr_a', ...ANNA, display_name: 'Anne', timestamp: AT });
    await until(() => room.getSnapshot().messages[0]?.sender?.display_name === 'Anne');
  });

  it('who types is shown until they stop or send; presence and members follow their events', async () => {
    const typing = scene.live.typing('r1');
    const members = scene.live.members('r1');
    const presence = scene.live.presence('usr_a');
    await scene.connected(typing);
    members.subscribe(() => undefined);
    presence.subscribe(() => undefined);
    scene.live.room('r1').subscribe(() => undefined);
    await until(() => presence.getSnapshot()?.status === 'online' && members.getSnapshot().status === 'ready');
    FakeSocket.last.say({ type: 'typing', chat_id: 'r1', user_id: 'usr_a', expires_in_ms: 6000, timestamp: AT });
    FakeSocket.last.say({ type: 'user_status', user_id: 'usr_a', status: 'offline', timestamp: AT });
    await until(() => typing.getSnapshot().length === 1 && presence.getSnapshot()?.status === 'offline');
    FakeSocket.last.say({ type: 'typing', chat_id: 'r1', user_id: 'usr_a', expires_in_ms: 0, timestamp: AT });
    await until(() => typing.getSnapshot().length === 0);
    FakeSocket.last.say({ type: 'member_joined', chat_id: 'r1', seq: 4, user_id: 'usr_me', role: 'member' });
    await until(() => members.getSnapshot().members.length === 2);
    FakeSocket.last.say({ type: 'member_left', chat_id: 'r1', seq: 5, user_id: 'usr_a' });
    await until(() => members.getSnapshot().members.length === 1);
  });

  it('what was written while the connection was cut is asked for from where the room was', async () => {
    const room = scene.live.room('r1');
    await scene.connected(room);
    await until(() => room.getSnapshot().status === 'ready');
    const before = FakeSocket.all.length;
    FakeSocket.last.cut();
    await until(() => FakeSocket.all.length > before);
    FakeSocket.last.open();
    FakeSocket.last.say(HELLO);
    await until(() => FakeSocket.last.sent.some(({ rooms }) => rooms?.r1 === 3));
    FakeSocket.last.say(event(4));
    FakeSocket.last.say({ type: 'resumed', rooms: { r1: { from: 3, to: 4, complete: true } } });
    await until(() => room.getSnapshot().messages.length === 4);
  });
});
