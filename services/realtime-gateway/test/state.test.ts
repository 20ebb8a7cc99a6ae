import { notFound } from '@chatapi/kit';
import { expect } from 'chai';
import { createHarness, type Harness, type TestNode } from './harness.ts';
import { until, upTo } from './node-fixture.ts';

describe('the state frame', () => {
  let harness: Harness;
  let one: TestNode;
  let n = 0;
  const someone = (): string => `usr_state_${process.pid}_${++n}`;
  const roomOf = (members: string[]): string => {
    const id = `state_${process.pid}_${++n}`;
    harness.services.rooms.set(id, { kind: 'private', members, events: [] });
    return id;
  };
  const append = (room: string, sender: string) => harness.services.append(room, sender, { type: 'message' });
  before(async () => {
    harness = await createHarness();
    one = await harness.node();
  });
  after(() => harness.close());
  afterEach(() => {
    harness.services.beforeState = async () => undefined;
    harness.services.silent = false;
    harness.services.failsReadStates = false;
  });

  it('has the rooms of the user with people, presence and the next cursor', async () => {
    const [ann, bob] = [someone(), someone()];
    const room = roomOf([ann, bob]);
    await append(room, bob);
    const c = await harness.connect(one, ann);
    c.send({ type: 'state' });
    const { timestamp, ...frame } = await c.frame('state');
    expect(Number.isNaN(Date.parse(timestamp))).to.equal(false);
    expect(frame).to.deep.equal({
      type: 'state',
      rooms: [{ chat_id: room, last_seq: 1 }],
      users: {},
      next_cursor: null,
      presence: { [bob]: { status: 'offline', last_seen: null } },
    });
    c.send({ type: 'state', limit: 200, cursor: 'abc' });
    await until(() => c.got.filter(({ type }) => type === 'state').length === 2);
    expect(harness.services.states.slice(-2)).to.deep.equal([
      { user_id: ann, limit: 100 },
      { user_id: ann, limit: 200, cursor: 'abc' },
    ]);
  });

  it('is refused with a wrong limit or an unknown field', async () => {
    const c = await harness.connect(one, someone());
    for (const wrong of [
      { limit: 0 },
      { limit: 201 },
      { limit: 1.5 },
      { cursor: '' },
      { cursor: 'x'.repeat(401) },
      { skip: 1 },
    ])
      c.send({ type: 'state', ...wrong });
    await until(() => c.got.filter(({ code }) => code === 'VALIDATION_ERROR').length === 6);
  });

  it('is followed by all events after its seqs, also by those that came before it', async () => {
    const [ann, bob] = [someone(), someone()];
    const room = roomOf([ann, bob]);
    await append(room, bob);
    const c = await harness.connect(one, ann);
    harness.services.beforeState = async () => {
      for (let i = 0; i < 3; i++) await append(room, bob);
      await until(() => c.seqs(room).includes(4));
    };
    c.send({ type: 'state' });
    const at = c.got.indexOf(await c.frame('state'));
    await append(room, bob);
    const after = () => c.got.slice(at + 1).flatMap(({ chat_id, seq }) => (chat_id === room ? [seq] : []));
    await until(() => after().length >= 4);
    expect(after()).to.deep.equal(upTo(5, 2));
  });

  it('has no gap when signals are late: what it has comes again at most, what it lacks comes', async () => {
    const [ann, bob] = [someone(), someone()];
    const room = roomOf([ann, bob]);
    const c = await harness.connect(one, ann);
    harness.services.silent = true;
    for (let i = 0; i < 3; i++) await append(room, bob);
    c.send({ type: 'state' });
    const frame = await c.frame('state');
    expect(frame.rooms[0].last_seq).to.equal(3);
    harness.services.silent = false;
    await append(room, bob);
    await until(() => c.seqs(room).includes(4));
    expect(c.seqs(room)).to.deep.equal(upTo(4));
  });

  it('does not bring back a room that the user left while it was read', async () => {
    const [ann, bob] = [someone(), someone()];
    const room = roomOf([ann, bob]);
    await append(room, bob);
    const c = await harness.connect(one, ann);
    harness.services.beforeState = async () => {
      await harness.services.member('left', room, ann);
      await c.frame('room_removed');
    };
    c.send({ type: 'state' });
    await c.frame('state');
    await until(() => c.got.at(-1).type === 'room_removed');
    expect(c.got.filter(({ type }) => type === 'room_removed')).to.have.length(2);
    expect(c.got.at(-1)).to.include({ chat_id: room });
  });

  it('of a message service of the version before is SERVICE_UNAVAILABLE', async () => {
    const c = await harness.connect(one, someone());
    harness.services.beforeState = async () => {
      throw notFound('Route');
    };
    c.send({ type: 'state' });
    expect((await c.frame('error')).code).to.equal('SERVICE_UNAVAILABLE');
  });

  it('has no gap beside a resume of the same room, whichever is further', async () => {
    const [ann, bob] = [someone(), someone()];
    const room = roomOf([ann, bob]);
    for (let i = 0; i < 300; i++) await append(room, bob);
    for (const from of [0, 250, 300]) {
      const c = await harness.connect(one, ann);
      const head = harness.services.rooms.get(room)?.events.length ?? 0;
      harness.services.beforeState = async () => {
        for (let i = 0; i < 50; i++) await append(room, bob);
        c.send({ type: 'resume', rooms: { [room]: from } });
        await until(() => c.seqs(room).includes(head + 50));
      };
      c.send({ type: 'state' });
      const at = c.got.indexOf(await c.frame('state'));
      await append(room, bob);
      /** As a client applies events: in order, what it has is skipped. */
      const applied = () =>
        c.got
          .slice(at + 1)
          .reduce((last, { chat_id, seq }) => (chat_id === room && seq === last + 1 ? seq : last), head);
      await until(() => applied() === head + 51);
      expect((await c.frame('resumed')).rooms[room]).to.include({ from, complete: true });
    }
  });

  /** As with a bot's token. */
  async function connectLimited(bot: string, rooms: string[]) {
    const c = await harness.connect(one, bot, { token: harness.token(bot) });
    const connection = [...one.ctx.connections.values()].find(({ user }) => user.id === bot);
    if (connection === undefined) throw new Error('no connection');
    connection.claims = { ...connection.claims, rooms, scopes: ['rooms:read'] };
    return { c, connection };
  }

  it('of a limited token asks for its rooms only', async () => {
    const bot = someone();
    const room = roomOf([bot]);
    const { c, connection } = await connectLimited(bot, [room]);
    c.send({ type: 'state' });
    await c.frame('state');
    expect(harness.services.states.at(-1)).to.deep.equal({ user_id: bot, limit: 100, rooms: [room] });
    connection.claims = { ...connection.claims, scopes: ['messages:read'] };
    c.send({ type: 'state' });
    const { code, details } = await c.frame('error');
    expect([code, details]).to.deep.equal(['AUTHORIZATION_ERROR', { reason: 'scope', scope: 'rooms:read' }]);
  });

  it('is refused while four of a connection wait, and counts as five frames', async () => {
    const c = await harness.connect(one, someone());
    let go: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    harness.services.beforeState = () => gate;
    for (let i = 0; i < 5; i++) c.send({ type: 'state' });
    expect(await c.frame('error')).to.include({ code: 'RATE_LIMIT_EXCEEDED' });
    go();
    await until(() => c.got.filter(({ type }) => type === 'state').length === 4);
    const strict = await harness.node({ RATE_LIMIT_WS_FRAMES: '12', INSTANCE: 'few-states' });
    const d = await harness.connect(strict, someone());
    for (let i = 0; i < 3; i++) d.send({ type: 'state' });
    expect(await d.frame('error')).to.include({ code: 'RATE_LIMIT_EXCEEDED' });
    await until(() => d.got.filter(({ type }) => type === 'state').length === 2);
  });

  it('is an error frame within 3 s while message is away', async () => {
    const c = await harness.connect(one, someone());
    harness.services.beforeState = () => new Promise(() => undefined);
    const since = Date.now();
    c.send({ type: 'state' });
    expect((await c.frame('error')).code).to.equal('SERVICE_UNAVAILABLE');
    expect(Date.now() - since).to.be.below(3500);
  });

  it('a resume ends with where the user has read to, and without it while message cannot say', async () => {
    const [ann, bob] = [someone(), someone()];
    const room = roomOf([ann, bob]);
    const foreign = roomOf([bob]);
    await append(room, bob);
    const c = await harness.connect(one, ann);
    c.send({ type: 'resume', rooms: { [room]: 0, [foreign]: 0 } });
    expect((await c.frame('resumed')).rooms).to.deep.equal({
      [room]: { from: 0, to: 1, complete: true, read_seq: 1, unread_count: 2, last_seq: 3 },
      [foreign]: { from: 0, to: 0, complete: false },
    });
    harness.services.failsReadStates = true;
    const d = await harness.connect(one, ann);
    d.send({ type: 'resume', rooms: { [room]: 0 } });
    expect((await d.frame('resumed')).rooms).to.deep.equal({ [room]: { from: 0, to: 1, complete: true } });
  });

  it('a resume of a limited token tells no positions of its other rooms', async () => {
    const bot = someone();
    const [room, other] = [roomOf([bot]), roomOf([bot])];
    await append(room, bot);
    await append(other, bot);
    const { c } = await connectLimited(bot, [room]);
    c.send({ type: 'resume', rooms: { [room]: 0, [other]: 0 } });
    expect((await c.frame('resumed')).rooms).to.deep.equal({
      [room]: { from: 0, to: 1, complete: true, read_seq: 1, unread_count: 2, last_seq: 3 },
      [other]: { from: 0, to: 0, complete: false },
    });
  });
});
