// How the stores start, and what tells them what other devices did: by the socket, or by REST.
import { expect } from 'chai';
import { FakeSocket, until } from './fake-server.ts';
import { ANNA, AT, event, HELLO, roomOf, Scene, text } from './state-scene.ts';

const state = (rooms: object[], next_cursor: string | null = null) => ({
  type: 'state',
  rooms,
  users: { usr_a: ANNA },
  presence: { usr_a: { status: 'online', last_seen: null } },
  next_cursor,
  timestamp: AT,
});
const frames = (type: string) => FakeSocket.last.sent.filter((frame) => frame.type === type);

describe('the stores start', () => {
  let scene: Scene;

  beforeEach(() => {
    scene = new Scene();
  });
  afterEach(async () => {
    await scene.live.client.close();
    FakeSocket.all.length = 0;
  });

  const ids = () =>
    scene.live
      .rooms()
      .getSnapshot()
      .rooms.map(({ chat_id }) => chat_id);
  async function again(): Promise<void> {
    const before = FakeSocket.all.length;
    FakeSocket.last.cut();
    await until(() => FakeSocket.all.length > before);
    FakeSocket.last.open();
    FakeSocket.last.say(HELLO);
    await until(() => frames('state').length === 1);
  }
  /** Opens the list with the first page still to come. */
  async function opened(): Promise<void> {
    const before = FakeSocket.all.length;
    scene.live.rooms().subscribe(() => undefined);
    await until(() => FakeSocket.all.length > before);
    FakeSocket.last.open();
    FakeSocket.last.say(HELLO);
    await until(() => frames('state').length === 1);
  }

  it('with the rooms, people and presence of the socket, without a request', async () => {
    scene.presence = { usr_a: { status: 'online', last_seen: null } };
    await scene.connected(scene.live.rooms());
    await until(() => scene.live.rooms().getSnapshot().status === 'ready');
    expect(ids()).to.deep.equal(['r1', 'r2']);
    expect(scene.live.user('usr_a').getSnapshot()?.username).to.equal('anna');
    expect(scene.live.presence('usr_a').getSnapshot()?.status).to.equal('online');
    expect(scene.asked).to.deep.equal([]);
  });

  it('page by page: the list is ready with the last one', async () => {
    await opened();
    FakeSocket.last.say(state([roomOf('r1', text(3), 2)], 'second'));
    await until(() => frames('state').length === 2);
    expect(frames('state')[1]).to.deep.equal({ type: 'state', limit: 200, cursor: 'second' });
    expect(scene.live.rooms().getSnapshot()).to.include({ status: 'loading' });
    FakeSocket.last.say(state([roomOf('r2', null, 0)]));
    await until(() => scene.live.rooms().getSnapshot().status === 'ready');
    expect(ids()).to.deep.equal(['r1', 'r2']);
  });

  it('with events that came before the page and are delivered again after it', async () => {
    await opened();
    FakeSocket.last.say(event(4));
    FakeSocket.last.say(event(5));
    FakeSocket.last.say(state([roomOf('r1', text(4), 3)]));
    FakeSocket.last.say(event(5));
    await until(() => scene.live.info('r1').getSnapshot()?.last_seq === 5);
    expect(scene.live.info('r1').getSnapshot()).to.deep.include({ unread_count: 4, last_seq: 5 });
    expect(scene.live.info('r1').getSnapshot()?.last_message?.seq).to.equal(5);
  });

  it('by REST on a server that does not know the frame, and asks it only once', async () => {
    scene.knowsState = false;
    await scene.connected(scene.live.rooms());
    await until(() => scene.live.rooms().getSnapshot().status === 'ready');
    expect(ids()).to.deep.equal(['r1', 'r2']);
    const before = FakeSocket.all.length;
    FakeSocket.last.cut();
    await until(() => FakeSocket.all.length > before);
    FakeSocket.last.open();
    FakeSocket.last.say(HELLO);
    await until(() => frames('resume').length > 0);
    expect(frames('state')).to.have.length(0);
  });

  it('again when a limit or an outage refused the frame', async () => {
    await opened();
    FakeSocket.last.say({ type: 'error', code: 'RATE_LIMIT_EXCEEDED', message: 'wait', retry_after_ms: 5 });
    await until(() => frames('state').length === 2);
    FakeSocket.last.say({ type: 'error', code: 'SERVICE_UNAVAILABLE', message: 'away', retry_after_ms: 5 });
    await until(() => frames('state').length === 3);
    FakeSocket.last.say(state([roomOf('r1', text(3), 2)]));
    await until(() => scene.live.rooms().getSnapshot().status === 'ready');
    expect(scene.asked).to.deep.equal([]);
  });

  it('anew after a cut: a room that was joined meanwhile is there, without a request', async () => {
    await scene.connected(scene.live.rooms());
    await until(() => ids().length === 2);
    await again();
    FakeSocket.last.say(state([roomOf('r3', text(9, { chat_id: 'r3' }), 1), roomOf('r1', text(3), 2)], 'more'));
    await until(() => ids().length === 3);
    await until(() => frames('state').length === 2);
    FakeSocket.last.say(state([roomOf('r2', null, 0)], 'even more'));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(frames('state')).to.have.length(2);
    expect(scene.asked).to.deep.equal([]);
  });

  it('with what was read on another device while this one was away', async () => {
    await scene.connected(scene.live.rooms());
    await until(() => scene.live.badges().getSnapshot().unread === 2);
    await again();
    const told = { from: 3, to: 3, complete: true, read_seq: 3, unread_count: 0, last_seq: 3 };
    FakeSocket.last.say({ type: 'resumed', rooms: { r1: told } });
    await until(() => scene.live.badges().getSnapshot().unread === 0);
    expect(scene.asked).to.deep.equal([]);
  });

  it('and a listener hears of a page that came before the connection', async () => {
    const before = FakeSocket.all.length;
    const seen: number[] = [];
    scene.live.room('r1').subscribe(({ messages }) => seen.push(messages.length));
    await until(() => seen.at(-1) === 3);
    expect(FakeSocket.all.length - before).to.equal(1);
  });

  it('and typing stops by itself when the user sends', async () => {
    const room = scene.live.room('r1');
    await scene.connected(room);
    room.type();
    room.type();
    room.send({ content: 'done' });
    room.type();
    await until(() => frames('typing').length === 3);
    expect(frames('typing').map(({ stop }) => stop)).to.deep.equal([undefined, true, undefined]);
  });

  it('and a server that knows no stop of typing gets none', async () => {
    scene.knowsState = false;
    const room = scene.live.room('r1');
    await scene.connected(room);
    await until(() => scene.asked.some(({ path }) => path.startsWith('/rooms')));
    room.type();
    room.send({ content: 'done' });
    await until(() => FakeSocket.last.sent.some(({ message }) => message === 'done'));
    expect(frames('typing')).to.have.length(1);
  });
});
