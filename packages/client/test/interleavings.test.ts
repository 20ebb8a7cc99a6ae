// For any interleaving of cuts, races, duplicates and pauses, each room's view is its log, once and
// in order.
import { expect } from 'chai';
import fc from 'fast-check';
import { type Step, World } from './model.ts';

const room = fc.nat(2);
const append = fc.record({ act: fc.constant('append' as const), room });
const cut = fc.record({ act: fc.constant('cut' as const), read: fc.nat(4) });
const forget = fc.record({ act: fc.constant('forget' as const), room });
const send = fc.record({ act: fc.constant('send' as const), room });
const plain = (act: 'flush' | 'read' | 'deliver' | 'double' | 'place') => fc.constant<Step>({ act });

const NETWORK = [
  { weight: 4, arbitrary: append },
  { weight: 2, arbitrary: plain('flush') },
  { weight: 2, arbitrary: plain('read') },
  { weight: 6, arbitrary: plain('deliver') },
  { weight: 1, arbitrary: plain('double') },
  { weight: 1, arbitrary: cut },
];

const steps = (...more: { weight: number; arbitrary: fc.Arbitrary<Step> }[]): fc.Arbitrary<Step[]> =>
  fc.array(fc.oneof(...NETWORK, ...more), { maxLength: 200, size: 'max' });

function after(given: Step[]): World {
  const world = new World();
  for (const step of given) world.do(step);
  world.settle();
  for (const [name, log] of world.server.logs)
    expect(world.seen.get(name), name).to.deep.equal(log.map(({ seq }) => seq));
  return world;
}

const hold = (given: fc.Arbitrary<Step[]>, check: (world: World) => void = () => undefined): void =>
  fc.assert(
    fc.property(given, (list) => check(after(list))),
    { numRuns: 300 },
  );

describe('a view of a room', () => {
  it('is its log after any interleaving of live frames, replays, cuts and duplicates', () => hold(steps()));

  it('also while the app’s queue is full for some time', () => hold(steps({ weight: 2, arbitrary: plain('place') })));

  it('also when the log no longer reaches back', () => hold(steps({ weight: 1, arbitrary: forget })));

  it('also with all of these; each send is answered once, in the log once, and in order', () =>
    hold(
      steps({ weight: 3, arbitrary: send }, { weight: 1, arbitrary: forget }, { weight: 1, arbitrary: plain('place') }),
      (world) => {
        const logs = [...world.server.logs.values()].map((log) =>
          log.flatMap(({ client_id }) => (client_id === undefined ? [] : [Number(String(client_id).slice(1))])),
        );
        for (const log of logs) expect(log).to.deep.equal(log.toSorted((a, b) => a - b));
        expect(logs.flat()).to.have.members(world.sends.map((_, i) => i));
        for (const { clientId, ack, error } of world.sends)
          expect([ack?.client_id, error]).to.deep.equal([clientId, undefined]);
      },
    ));
});
