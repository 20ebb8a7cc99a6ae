// `npm run bench -- overload`: what the cluster still does when three times as many requests arrive
// as it can answer. The peak is measured first, with clients that wait for each answer; then
// requests arrive at a fixed rate, whether earlier ones were answered or not.
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, type Dispatcher } from 'undici';
import { type Asked, closedLoop } from './load/requests.ts';
import { percentile, short } from './stats.ts';
import { startProduct } from './systems/product.ts';

const CLIENTS = 32;
const PEAK_SECONDS = 8;
const OVERLOAD_SECONDS = 15;
const TIMES = 3;
/** Requests are sent in bursts of this interval in ms. */
const TICK_MS = 10;
/** A client gives up after this time in ms. */
const GIVE_UP_MS = 10_000;
/** More open requests would exhaust the ports of the generator; the rest counts as not sent. */
const MAX_OPEN = 4000;

type Request = (i: number) => Asked;

interface Tally {
  /** Answers per status; 0: no answer. */
  statuses: Map<number, number>;
  /** Time to the answer in ms, of accepted requests. */
  latencies: number[];
  notSent: number;
  /** Ids of acknowledged messages. */
  ids: Set<string>;
  seconds: number;
}

async function askOnce(agent: Dispatcher, url: string, asked: Asked, tally: Tally): Promise<void> {
  const began = performance.now();
  let status = 0;
  try {
    const { statusCode, body } = await agent.request({ origin: url, ...asked });
    const text = await body.text();
    status = statusCode;
    if (status < 300) {
      tally.latencies.push(performance.now() - began);
      if (asked.method === 'POST') tally.ids.add((JSON.parse(text) as { id: string }).id);
    }
  } catch {
    // No answer within the time of a client, or a connection that broke.
  }
  tally.statuses.set(status, (tally.statuses.get(status) ?? 0) + 1);
}

/** Sends requests at `perSecond`, however many are open. */
async function openLoop(url: string, perSecond: number, request: Request): Promise<Tally> {
  const agent = new Agent({ headersTimeout: GIVE_UP_MS, bodyTimeout: GIVE_UP_MS, connections: MAX_OPEN });
  const tally: Tally = { statuses: new Map(), latencies: [], notSent: 0, ids: new Set(), seconds: 0 };
  const open = new Set<Promise<void>>();
  const began = performance.now();
  for (let due = 0, n = 0; performance.now() - began < OVERLOAD_SECONDS * 1000; await sleep(TICK_MS)) {
    due = ((performance.now() - began) / 1000) * perSecond;
    for (; n < due; n++) {
      if (open.size >= MAX_OPEN) {
        tally.notSent++;
        continue;
      }
      const one = askOnce(agent, url, request(n % CLIENTS), tally).finally(() => open.delete(one));
      open.add(one);
    }
  }
  await Promise.all(open);
  tally.seconds = (performance.now() - began) / 1000;
  await agent.destroy();
  return tally;
}

const line = (what: string, peak: number, { statuses, latencies, notSent, ids, seconds }: Tally): string => {
  const accepted = latencies.length;
  const others = [...statuses].filter(([status]) => status >= 300 || status === 0).sort(([a], [b]) => a - b);
  const refused = others.map(([status, count]) => `${status === 0 ? 'no answer' : status}: ${count}`);
  const lost = ids.size === 0 ? '–' : String(accepted - ids.size);
  return `| ${[
    what,
    short(peak),
    short((accepted + others.reduce((sum, [, count]) => sum + count, 0) + notSent) / OVERLOAD_SECONDS),
    short(accepted / seconds),
    `${Math.round((100 * accepted) / seconds / peak)} %`,
    refused.join(', ') || 'none',
    notSent,
    short(percentile(latencies, 0.5)),
    short(percentile(latencies, 0.99)),
    lost,
  ].join(' | ')} |`;
};

export async function overload(say: (text: string) => void): Promise<string> {
  const product = await startProduct({ people: CLIENTS });
  try {
    const { gateway, people } = product.place();
    const headersOf = (i: number): Record<string, string> => ({ authorization: `Bearer ${people[i]?.token}` });
    const requests: Record<string, [Request, number]> = {
      sends: [
        (i) => ({
          method: 'POST',
          path: '/messages/',
          headers: { ...headersOf(i), 'content-type': 'application/json' },
          body: JSON.stringify({ chat_id: `overload-${i}`, content: 'a line as people write them' }),
        }),
        201,
      ],
      reads: [
        (i) => ({ method: 'GET', path: `/messages/?chat_id=overload-${i}&limit=20`, headers: headersOf(i) }),
        200,
      ],
    };
    const lines: string[] = [];
    for (const [what, [request, expected]] of Object.entries(requests)) {
      const loop = { url: gateway as string, parallel: CLIENTS, expected, asked: request };
      const { units, ms } = await closedLoop({ ...loop, until: { seconds: PEAK_SECONDS } }, async () => undefined);
      const peak = (1000 * units) / ms;
      say(`${what}: peak ${short(peak)} a second, now ${TIMES} times as many arrive`);
      lines.push(line(what, peak, await openLoop(gateway as string, TIMES * peak, request)));
    }
    return [
      '| requests | peak/s | arrived/s | accepted/s | of the peak | refused | not sent | p50 ms | p99 ms | ids twice |',
      '| --- | --: | --: | --: | --: | --- | --: | --: | --: | --: |',
      ...lines,
    ].join('\n');
  } finally {
    await product.stop();
  }
}
