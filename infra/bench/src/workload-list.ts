// The workloads in their order. Fewer units make results coarser, not different.
import type { Work } from './workload.ts';

export interface Named {
  name: string;
  title: string;
  unit: string;
  work: Work;
}

export interface Size {
  quick: boolean;
  /** Number of messages in the long room. */
  history: number;
}

export const KINDS: Work['kind'][] = [
  'still',
  'idle',
  'room',
  'paced',
  'pairs',
  'rest',
  'history',
  'silent',
  'logins',
  'cut',
];

export function worksOf({ quick, history }: Size): Named[] {
  const rest = (what: 'send' | 'read', through: 'gateway' | 'service'): Named => ({
    name: through === 'gateway' ? what : `${what}-straight`,
    title: `REST ${what}s, 32 clients, ${through === 'gateway' ? 'through the gateway' : 'directly at the service'}`,
    unit: what === 'send' ? 'message' : 'page of 20',
    work: { kind: 'rest', what, through, parallel: 32, seconds: quick ? 1.5 : 8 },
  });
  const page = (name: string, depth: number): Named => ({
    name,
    title: `history, ${depth.toLocaleString('en-US')} below the newest`,
    unit: 'page of 50',
    work: { kind: 'history', depth, pages: quick ? 400 : 3000 },
  });
  const reads = (name: string, logins: number): Named => ({
    name,
    title: `50 reads/s${logins > 0 ? ` while ${logins} log in at once` : ', quiet'}`,
    unit: 'read',
    work: { kind: 'logins', logins, perSecond: 50, seconds: quick ? 4 : 8 },
  });
  return [
    { name: 'still', title: 'no load', unit: 'second', work: { kind: 'still', seconds: quick ? 2 : 10 } },
    // First, on fresh processes: later, freed memory would be reused.
    {
      name: 'idle',
      title: '5,000 idle connections',
      unit: 'connection',
      work: { kind: 'idle', connections: 5000 },
    },
    {
      name: 'room',
      title: 'room of 400, saturated (8 in flight)',
      unit: 'delivery',
      work: { kind: 'room', inFlight: 8, messages: quick ? 600 : 1500 },
    },
    {
      name: 'paced',
      title: 'room of 400, 20 messages/s',
      unit: 'delivery',
      work: { kind: 'paced', perSecond: 20, messages: quick ? 50 : 200 },
    },
    {
      name: 'pairs',
      title: '200 pairs, closed loop',
      unit: 'message',
      work: { kind: 'pairs', pairs: 200, seconds: quick ? 2 : 9 },
    },
    rest('send', 'gateway'),
    rest('read', 'gateway'),
    // Product only: the basis for the gateway's share.
    rest('send', 'service'),
    rest('read', 'service'),
    page('head', 10),
    page('deep', history),
    {
      name: 'silent',
      title: 'a node without members of a busy room',
      unit: 'delivery',
      work: { kind: 'silent', messages: quick ? 600 : 1500, others: 50 },
    },
    reads('quiet', 0),
    reads('logins', 50),
    // Last: it leaves a restarted process behind.
    {
      name: 'cut',
      title: '1,000 connections of a killed node, back and complete on the other',
      unit: 'connection',
      work: { kind: 'cut', connections: 1000, missed: 5 },
    },
  ];
}
