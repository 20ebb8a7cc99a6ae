// Owns: which fault comes when. The same seed gives the same schedule.
import { type Random, random } from './random.ts';

export type FaultKind = 'kill' | 'freeze' | 'freeze-kill' | 'flushall' | 'cut-subscriptions';

export interface Fault {
  /** Milliseconds after the start of the run. */
  at: number;
  kind: FaultKind;
  /** A process of the cluster, as in cluster.json. */
  target: string;
  /** How long it stays frozen; 0 for the other kinds. */
  lasts: number;
}

export interface Plan {
  seed: number;
  seconds: number;
  targets: string[];
  /** Milliseconds from one fault's end to the next one's start: long enough to see that the first has healed. */
  rest: number;
}

/** The last seconds are without faults, so that all can be read back. */
const QUIET_MS = 4000;

function faults(targets: string[], r: Random): Omit<Fault, 'at'>[] {
  const kills = targets.map((target) => ({ kind: 'kill' as const, target, lasts: 0 }));
  const freezes = targets.map((target) => ({
    kind: r.next() < 0.5 ? ('freeze' as const) : ('freeze-kill' as const),
    target,
    lasts: Math.round(r.between(1000, 4000)),
  }));
  const redis = (['flushall', 'cut-subscriptions'] as const).map((kind) => ({ kind, target: 'redis', lasts: 0 }));
  return r.shuffle([...kills, ...freezes, ...redis]);
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
