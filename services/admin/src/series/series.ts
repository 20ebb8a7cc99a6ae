// Series for charts. Messages are counted by the facts that count them in the statistics; the most
// users and connections of a minute are looked up; gateways tell how many requests they answered.
import { every, invalidField, type RecurringTask, type RequestContext } from '@chatapi/kit';
import type { Context } from '../context.ts';
import { readConnectionCounts } from '../statistics.ts';
import { KEPT_DAYS, type Metric, readSeries, saveGauges } from './series-store.ts';

export interface SeriesQuery {
  metric: Metric;
  from?: string;
  to?: string;
  step?: number;
}

export interface Series {
  metric: Metric;
  from: string;
  to: string;
  step: number;
  points: { at: string; value: number | null }[];
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 3600 * 1000;
const MAX_POINTS = 1000;
/** What a chart shows, unless a step is asked for. */
const USUAL_POINTS = 300;

/** @throws VALIDATION_ERROR for an empty span or one that needs too many points. */
function spanOf({ from, to, step }: SeriesQuery): { from: number; to: number; step: number } {
  const end = to === undefined ? Date.now() : Date.parse(to);
  const asked = from === undefined ? end - DAY_MS : Date.parse(from);
  const start = Math.floor(Math.max(asked, Date.now() - KEPT_DAYS * DAY_MS) / MINUTE_MS) * MINUTE_MS;
  if (asked >= end) throw invalidField('from', 'from must be before to');
  if (start >= end) throw invalidField('to', `to must lie in the last ${KEPT_DAYS} days`);
  const seconds = step ?? Math.ceil((end - start) / MINUTE_MS / USUAL_POINTS) * 60;
  if (Math.ceil((end - start) / 1000 / seconds) > MAX_POINTS)
    throw invalidField('step', `step must leave at most ${MAX_POINTS} points`);
  return { from: start, to: end, step: seconds };
}

export async function showSeries(
  ctx: Pick<Context, 'db'>,
  { query }: RequestContext<Record<string, string>, SeriesQuery>,
): Promise<Series> {
  const { step, ...span } = spanOf(query);
  const [from, to] = [new Date(span.from).toISOString(), new Date(span.to).toISOString()];
  const { metric } = query;
  const points = await readSeries(ctx.db, { metric, from, to, step });
  return { metric, from, to, step, points: points.map(({ at, value }) => ({ at: at.toISOString(), value })) };
}

const SAMPLE_MS = 10_000;

/** In each instance: they keep the most of what any of them sees. Without Redis there is no value. */
export const startGaugeSamples = (ctx: Pick<Context, 'db' | 'redis' | 'log'>): RecurringTask =>
  every(
    SAMPLE_MS,
    async () => {
      const { online, connections } = await readConnectionCounts(ctx);
      if (online === null || connections.total === null) return;
      await saveGauges(ctx.db, { users_online: online, connections: connections.total });
    },
    (err) => ctx.log.debug({ err: err.message }, 'no sample of the connections'),
  );
