// The schedule of faults; the same for the same seed.
import { type Random, random } from './random.ts';

type FaultKind = 'stop' | 'kill' | 'freeze' | 'freeze-kill' | 'flushall' | 'cut-subscriptions';

export interface Fault {
  /** Start in ms after the start of the run. */
  at: number;
  kind: FaultKind;
  /** Name of a process, as in cluster.json. */
  target: string;
  /** Duration of a freeze in ms; 0 for other kinds. */
  lasts: number;
}

export interface Plan {
  seed: number;
  seconds: number;
  targets: string[];
  /** Time in ms from the end of one fault to the next, long enough to see the recovery. */
  rest: number;
}

/** No faults in the last seconds, so that everything can be read back. */
const QUIET_MS = 4000;

function faults(targets: string[], r: Random): Omit<Fault, 'at'>[] {
  const stops = targets
    .filter((target) => target !== 'postgres' && target !== 'redis')
    .map((target) => ({ kind: 'stop' as const, target, lasts: 0 }));
  const kills = targets.map((target) => ({ kind: 'kill' as const, target, lasts: 0 }));
  const freezes = targets.map((target) => ({
    kind: r.next() < 0.5 ? ('freeze' as const) : ('freeze-kill' as const),
    target,
    lasts: Math.round(r.between(1000, 4000)),
  }));
  const redis = (['flushall', 'cut-subscriptions'] as const).map((kind) => ({ kind, target: 'redis', lasts: 0 }));
  return r.shuffle([...stops, ...kills, ...freezes, ...redis]);
}

export function schedule({ seed, seconds, targets, rest }: Plan): Fault[] {
  const r = random(seed);
  const planned: Fault[] = [];
  const end = seconds * 1000 - QUIET_MS;
  for (let at = 1500, deck: Omit<Fault, 'at'>[] = []; ; ) {
    if (deck.length === 0) deck = faults(targets, r);
    const fault = deck.pop() as Omit<Fault, 'at'>;
    if (at + fault.lasts > end) return planned;
    planned.push({ ...fault, at: Math.round(at) });
    at += fault.lasts + rest * r.between(0.8, 1.2);
  }
}
