// The targets of the product, relative to the reference servers or to itself. A value is the median
// over the rounds of ratios within one round, so that a busy machine affects both sides.

import type { Measured } from './measure.ts';
import { type Book, cpuOf, latencyOf, memoryOf, rateOf } from './metrics.ts';
import { median, short } from './stats.ts';

type Figure = (m: Measured) => number;

interface Target {
  what: string;
  unit: string;
  limit: number;
  atLeast?: true;
  /** The value of one round; undefined when a workload or system was not measured. */
  of(at: (work: string, system: string) => Measured | undefined): number | undefined;
}

const PRODUCT = 'chatapi';

const against = (work: string, peer: string, figure: Figure): Target['of'] =>
  compared(work, PRODUCT, work, peer, (a, b) => figure(a) / figure(b));

function compared(
  work: string,
  system: string,
  otherWork: string,
  otherSystem: string,
  how: (a: Measured, b: Measured) => number,
): Target['of'] {
  return (at) => {
    const [a, b] = [at(work, system), at(otherWork, otherSystem)];
    return a === undefined || b === undefined ? undefined : how(a, b);
  };
}

const alone =
  (work: string, figure: Figure): Target['of'] =>
  (at) => {
    const measured = at(work, PRODUCT);
    return measured === undefined ? undefined : figure(measured);
  };
const part =
  (name: string): Figure =>
  ({ cpu_us, units }) =>
    (cpu_us[name] ?? Number.NaN) / units;
const share =
  (one: string, whole: string): Figure =>
  (m) =>
    part(one)(m) / part(whole)(m);
/** CPU of the gateway relative to that of the service when called directly. */
const gatewayOf = (what: 'send' | 'read'): Target['of'] =>
  compared(what, PRODUCT, `${what}-straight`, PRODUCT, (a, b) => part('api-gateway')(a) / part('message')(b));
const p99: Figure = (m) => latencyOf(m, 0.99);

const TARGETS: Target[] = [
  {
    what: 'a, saturated: CPU/delivery',
    unit: '× hand-written',
    limit: 0.25,
    of: against('room', 'hand-written', cpuOf),
  },
  { what: 'a, saturated: CPU/delivery', unit: '× bare-ws', limit: 0.45, of: against('room', 'bare-ws', cpuOf) },
  { what: 'a, 20/s: CPU/delivery', unit: '× bare-ws', limit: 1.25, of: against('paced', 'bare-ws', cpuOf) },
  {
    what: 'a, 20/s: p99',
    unit: 'ms more than bare-ws',
    limit: 5,
    of: compared('paced', PRODUCT, 'paced', 'bare-ws', (a, b) => p99(a) - p99(b)),
  },
  { what: 'b: CPU/message', unit: '× hand-written', limit: 0.12, of: against('pairs', 'hand-written', cpuOf) },
  {
    what: 'b: messages/s',
    unit: '× hand-written',
    limit: 5,
    atLeast: true,
    of: against('pairs', 'hand-written', rateOf),
  },
  { what: 'b: CPU/message', unit: '× bare-ws', limit: 1, of: against('pairs', 'bare-ws', cpuOf) },
  // From the first round: later, the node reuses freed memory.
  { what: 'c: memory', unit: 'KiB/connection', limit: 9, of: alone('idle', memoryOf) },
  { what: 'c: CPU/connect', unit: '× hand-written', limit: 0.7, of: against('idle', 'hand-written', cpuOf) },
  { what: 'd: all back and complete', unit: 'ms', limit: 1200, of: alone('cut', (m) => m.ms) },
  {
    what: 'e: gateway’s CPU, REST send',
    unit: '× the service’s without it',
    limit: 1,
    of: gatewayOf('send'),
  },
  {
    what: 'e: gateway’s CPU, REST read',
    unit: '× the service’s without it',
    limit: 1,
    of: gatewayOf('read'),
  },
  {
    what: 'e: REST sends/s',
    unit: '× hand-written',
    limit: 2,
    atLeast: true,
    of: against('send', 'hand-written', rateOf),
  },
  {
    what: 'f: CPU/page, deep',
    unit: '× at the head',
    limit: 1.2,
    of: compared('deep', PRODUCT, 'head', PRODUCT, (a, b) => cpuOf(a) / cpuOf(b)),
  },
  {
    what: 'g: CPU of the silent node',
    unit: '× the busy one’s',
    limit: 0.02,
    of: alone('silent', share('realtime-2', 'realtime-1')),
  },
  {
    what: 'h: p99 of reads under logins',
    unit: '× quiet',
    limit: 2,
    of: compared('logins', PRODUCT, 'quiet', PRODUCT, (a, b) => p99(a) / p99(b)),
  },
];

export function targetLines(book: Book, rounds: number): string[] {
  const lines = TARGETS.map(({ what, unit, limit, atLeast, of }) => {
    const each = Array.from({ length: rounds }, (_, i) => of((work, system) => book.get(work)?.get(system)?.[i]));
    const known = each.filter((value) => value !== undefined);
    if (known.length === 0) return undefined;
    const value = unit === 'KiB/connection' ? (known[0] as number) : median(known);
    const met = atLeast ? value >= limit : value <= limit;
    return `| ${what} | ${atLeast ? '≥' : '≤'} ${limit} ${unit} | ${short(value)} | ${met ? 'met' : 'NOT MET'} |`;
  }).filter((text) => text !== undefined);
  return ['| target | limit | measured | |', '| --- | --- | --: | --- |', ...lines];
}
