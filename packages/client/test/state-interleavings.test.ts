// For any interleaving of frames, pages, resumes, cuts and sends, the app shows what the log says:
// at every moment without a gap, and in the end all of it.
import { expect } from 'chai';
import fc from 'fast-check';
import type { Timeline } from '../src/state/timeline.ts';
import { plain, type StateStep, StateWorld } from './state-world.ts';

const number = fc.nat(70);
const call = fc.constantFrom('edit' as const, 'delete' as const, 'added' as const, 'removed' as const);
const kind = fc.constantFrom(
  'older' as const,
  'older' as const,
  'newer' as const,
  'around' as const,
  'latest' as const,
);
const simple = (act: StateStep['act']) => fc.constant({ act } as StateStep);
const reply = fc.option(number, { nil: undefined });
const post = fc.record({ act: fc.constant('post' as const), by: fc.nat(2), reply });
const what = { call, message: fc.oneof(fc.nat(5), number), emoji: fc.nat(1) };

const NETWORK = [
  { weight: 4, arbitrary: post },
  { weight: 4, arbitrary: fc.record({ act: fc.constant('change' as const), by: fc.nat(2), ...what }) },
  { weight: 2, arbitrary: simple('flush') },
  { weight: 2, arbitrary: simple('read') },
  { weight: 6, arbitrary: simple('deliver') },
  { weight: 4, arbitrary: simple('events') },
  { weight: 3, arbitrary: simple('serve') },
  { weight: 3, arbitrary: simple('arrive') },
  { weight: 1, arbitrary: simple('fail') },
  { weight: 1, arbitrary: simple('double') },
  { weight: 1, arbitrary: simple('join') },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('cut' as const), read: fc.nat(4) }) },
];
const ASKS = { weight: 3, arbitrary: fc.record({ act: fc.constant('ask' as const), kind, seq: number }) };
const MINE = { weight: 3, arbitrary: fc.record({ act: fc.constant('mine' as const), ...what }) };
const SENDS = { weight: 3, arbitrary: simple('send') };
const FORGETS = { weight: 1, arbitrary: simple('forget') };

type Choice = { weight: number; arbitrary: fc.Arbitrary<StateStep> };

/** What is loaded is a part of the log without a gap, each message once and in order. */
function expectNoGap(world: StateWorld, timeline: Timeline, thread: string | undefined): void {
  const seqs = timeline.rows.map(({ message }) => message.seq);
  const [first, last] = [seqs[0] ?? 0, seqs.at(-1) ?? 0];
  const all = [...world.server.messages.values()].filter(({ reply_to }) => !thread || reply_to === thread);
  expect(seqs).to.deep.equal(all.map(({ seq }) => seq).filter((seq) => seq >= first && seq <= last));
}

function expectLog(world: StateWorld, timeline: Timeline, thread: string | undefined): void {
  const all = world.server.all(thread);
  const [first, last] = [timeline.rows[0]?.message.seq, timeline.rows.at(-1)?.message.seq ?? 0];
  const shown = all.filter(({ seq }) => seq >= (first ?? Number.POSITIVE_INFINITY) && seq <= last);
  expect(world.view(timeline).map(plain)).to.deep.equal(shown.map(plain));
  expect(timeline.hasOlder).to.equal(first !== undefined && (all[0]?.seq ?? first) < first);
  if (!timeline.hasNewer) expect(last).to.equal(all.at(-1)?.seq ?? 0);
}

function hold(...more: Choice[]): void {
  const steps = fc.array(fc.oneof(...NETWORK, ...more), { maxLength: 150, size: 'max' });
  fc.assert(
    fc.property(steps, fc.boolean(), (list, tellsCounts) => {
      const world = new StateWorld(tellsCounts);
      for (const step of list) {
        world.do(step);
        for (const [timeline, thread] of world.timelines) expectNoGap(world, timeline, thread);
      }
      world.settle();
      for (const [timeline, thread] of world.timelines) expectLog(world, timeline, thread);
      expect([world.local.sends, world.local.changes], 'nothing is pending').to.deep.equal([[], []]);
      const sent = [...world.server.messages.values()].filter(({ client_id }) => client_id !== undefined);
      expect(sent).to.have.length(world.sends);
    }),
    { numRuns: 300 },
  );
}

describe('the window of a room, and that of a thread', function () {
  this.timeout(60_000);

  it('show the log after any interleaving of live frames, pages, replays, cuts and duplicates', () => hold());

  it('also while the app pages in both directions and jumps', () => hold(ASKS));

  it('also when the log no longer reaches back', () => hold(ASKS, FORGETS));

  it('also with the app’s own messages, edits, deletions and reactions, refused ones too', () =>
    hold(ASKS, FORGETS, MINE, SENDS));
});
