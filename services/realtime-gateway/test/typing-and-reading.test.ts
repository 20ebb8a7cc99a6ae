import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { createHarness, type Harness, type TestNode } from './harness.ts';
import { until } from './node-fixture.ts';

describe('typing and reading', () => {
  let harness: Harness;
  let one: TestNode;
  let two: TestNode;
  let n = 0;
  const someone = (): string => `usr_types_${process.pid}_${++n}`;
  const roomOf = (members: string[]): string => {
    const id = `types_${process.pid}_${++n}`;
    harness.services.rooms.set(id, { kind: 'private', members, events: [] });
    return id;
  };
  before(async () => {
    harness = await createHarness();
    one = await harness.node();
    two = await harness.node({ INSTANCE: 'realtime-two' });
  });
  after(() => harness.close());

  it('who stops typing is told to have stopped, once, and may begin again soon', async () => {
    const [ann, bob] = [someone(), someone()];
    const room = roomOf([ann, bob]);
    const [a, b] = [await harness.connect(one, ann), await harness.connect(two, bob)];
    const typings = () => b.got.filter(({ type }) => type === 'typing').map(({ expires_in_ms }) => expires_in_ms);
    a.send({ type: 'typing', chat_id: room, stop: true });
    a.send({ type: 'typing', chat_id: room });
    await until(() => typings().length === 1);
    a.send({ type: 'typing', chat_id: room, stop: true });
    a.send({ type: 'typing', chat_id: room, stop: true });
    await until(() => typings().length === 2);
    await sleep(600);
    a.send({ type: 'typing', chat_id: room });
    await until(() => typings().length === 3);
    expect(typings()).to.deep.equal([6000, 0, 6000]);
    a.send({ type: 'typing', chat_id: room, stop: 'yes' });
    expect((await a.frame('error')).code).to.equal('VALIDATION_ERROR');
  });

  it('typing and stopping in turns is told at most twice a second', async () => {
    const [ann, bob] = [someone(), someone()];
    const room = roomOf([ann, bob]);
    const [a, b] = [await harness.connect(one, ann), await harness.connect(two, bob)];
    for (let i = 0; i < 50; i++) a.send({ type: 'typing', chat_id: room, stop: i % 2 === 1 });
    await b.frame('typing', ({ expires_in_ms }) => expires_in_ms === 0);
    await sleep(200);
    expect(b.got.filter(({ type }) => type === 'typing')).to.have.length(2);
  });

  it('read reports the position with the connection, which hears nothing of its own', async () => {
    const ann = someone();
    const room = roomOf([ann]);
    const [c, other] = [await harness.connect(one, ann), await harness.connect(one, ann)];
    c.send({ type: 'read', chat_id: room, seq: 7 });
    await until(() => harness.services.positions.some((p) => p.room_id === room));
    const [{ origin }] = harness.services.positions.filter((p) => p.room_id === room) as [{ origin: string }];
    expect(origin).to.equal(c.got[0].connection_id);
    const frame = JSON.stringify({ type: 'read', chat_id: room });
    await harness.services.notify(ann, origin, frame);
    await other.frame('read');
    expect(c.got.some(({ type }) => type === 'read')).to.equal(false);
    c.send({ type: 'read', chat_id: room, seq: 8 });
    other.send({ type: 'read', chat_id: room, seq: 9 });
    await until(() => harness.services.positions.some((p) => p.room_id === room && p.read_seq === 9));
    expect(harness.services.positions.find((p) => p.room_id === room && p.read_seq === 9)?.origin).to.be.oneOf([
      '',
      other.got[0].connection_id,
    ]);
  });
});
