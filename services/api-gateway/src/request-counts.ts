// Tells the admin service how many requests this process answered in each minute, for charts. It
// sends totals, so that a report that arrives twice, or late, changes nothing.
import { every, type Log, newId, type RecurringTask } from '@chatapi/kit';
import type { ServiceClient } from '@chatapi/kit/rpc';

interface Counts {
  requests: number;
  errors: number;
  rate_limited: number;
}

export interface RequestCounts {
  count(status: number): void;
  /** Sends what is left. */
  close(): Promise<void>;
}

const SEND_MS = 5000;
const MINUTE_MS = 60_000;
/** While the admin service is away. Two hours. */
const MAX_MINUTES = 120;

const thisMinute = (): number => Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;

export function createRequestCounts(admin: ServiceClient, log: Log): RequestCounts {
  const source = newId('con');
  /** By minute, in order; `sent`: how many requests of it the admin service knows. */
  const totals = new Map<number, Counts & { sent: number }>();

  function countsOf(minute: number): Counts {
    const known = totals.get(minute);
    if (known !== undefined) return known;
    const counts = { requests: 0, errors: 0, rate_limited: 0, sent: 0 };
    totals.set(minute, counts);
    for (const old of totals.keys()) if (totals.size > MAX_MINUTES) totals.delete(old);
    return counts;
  }

  async function send(): Promise<void> {
    const now = thisMinute();
    const news = [...totals]
      .filter(([, { requests, sent }]) => requests > sent)
      .map(([at, it]) => [at, { ...it }] as const);
    if (news.length > 0) {
      const minutes = news.map(([at, { sent: _, ...counts }]) => ({ minute: new Date(at).toISOString(), ...counts }));
      await admin.call('POST', '/internal/request-counts', { body: { source, minutes } });
    }
    for (const [at, { requests }] of news) Object.assign(totals.get(at) ?? {}, { sent: requests });
    for (const [at, { requests, sent }] of totals) if (at < now && requests === sent) totals.delete(at);
  }

  const failed = (err: Error): void => log.debug({ err: err.message }, 'request counts not sent; sent later');
  const sending: RecurringTask = every(SEND_MS, send, failed);
  return {
    count(status) {
      const counts = countsOf(thisMinute());
      counts.requests++;
      if (status >= 500) counts.errors++;
      if (status === 429) counts.rate_limited++;
    },
    async close() {
      await sending.close();
      await send().catch(failed);
    },
  };
}
