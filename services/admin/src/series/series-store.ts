// SQL of the series for charts: one row a minute. Every write is correct when it is repeated.
import type { Knex } from '@chatapi/kit/data';

export const METRICS = ['messages', 'users_online', 'connections', 'requests', 'errors', 'rate_limited'] as const;
export type Metric = (typeof METRICS)[number];

export const KEPT_DAYS = 30;
const KEPT = `now() - interval '${KEPT_DAYS} days'`;

/** Counts messages in the minute of their creation, as `addMessages` does in the second. */
export const addMessageMinutes = async (trx: Knex, createdAt: string[], counts: number[]): Promise<void> =>
  void (await trx.raw(
    `insert into series_minutes as t (minute, messages)
     select date_trunc('minute', created_at), sum(count) from unnest(?::timestamptz[], ?::int[]) as new(created_at, count)
     -- In one order, so that two handlers can't deadlock.
     where created_at > ${KEPT} group by 1 order by 1
     on conflict (minute) do update set messages = t.messages + excluded.messages`,
    [createdAt, counts],
  ));

/** Overwrites the whole minutes of the last 25 hours, of which the seconds have just been recounted. */
export async function setMessageMinutes(trx: Knex): Promise<void> {
  const first = `date_trunc('minute', now() - interval '25 hours') + interval '2 minutes'`;
  await trx.raw(`update series_minutes set messages = 0 where minute >= ${first}`);
  await trx.raw(
    `insert into series_minutes (minute, messages)
     select date_trunc('minute', second), sum(count) from message_seconds where second >= ${first} group by 1
     on conflict (minute) do update set messages = excluded.messages`,
  );
}

export interface Gauges {
  users_online: number;
  connections: number;
}

/** Keeps the most of the minute. */
export const saveGauges = async (db: Knex, { users_online, connections }: Gauges): Promise<void> =>
  void (await db.raw(
    `insert into series_minutes as t (minute, users_online, connections) values (date_trunc('minute', now()), ?, ?)
     on conflict (minute) do update set users_online = greatest(t.users_online, excluded.users_online),
       connections = greatest(t.connections, excluded.connections)`,
    [users_online, connections],
  ));

/** Of one minute so far. */
export interface RequestCounts {
  minute: string;
  requests: number;
  errors: number;
  rate_limited: number;
}

/** Totals only grow, so that late and repeated reports change nothing. */
export const saveRequests = async (db: Knex, source: string, minutes: RequestCounts[]): Promise<void> =>
  void (await db.raw(
    `insert into request_minutes as t (minute, source, requests, errors, rate_limited)
     select date_trunc('minute', minute), ?, requests, errors, rate_limited
     from jsonb_to_recordset(?::jsonb) m(minute timestamptz, requests bigint, errors bigint, rate_limited bigint)
     where minute > ${KEPT} and minute < now() + interval '1 hour' order by 1
     on conflict (minute, source) do update set requests = greatest(t.requests, excluded.requests),
       errors = greatest(t.errors, excluded.errors), rate_limited = greatest(t.rate_limited, excluded.rate_limited)`,
    [source, JSON.stringify(minutes)],
  ));

export async function deleteOldMinutes(db: Knex): Promise<void> {
  await db.raw(`delete from series_minutes where minute < ${KEPT}`);
  await db.raw(`delete from request_minutes where minute < ${KEPT}`);
}

export interface Point {
  at: Date;
  value: number | null;
}

/** Sums of what is counted, the most of what is measured. */
const VALUES: Record<Metric, string> = {
  messages: 'greatest(coalesce(sum(messages), 0), 0) from series_minutes',
  users_online: 'max(users_online) from series_minutes',
  connections: 'max(connections) from series_minutes',
  requests: 'sum(requests) from request_minutes',
  errors: 'sum(errors) from request_minutes',
  rate_limited: 'sum(rate_limited) from request_minutes',
};

/** A point per `step` seconds from `from` on, before `to`. */
export async function readSeries(
  db: Knex,
  { metric, from, to, step }: { metric: Metric; from: string; to: string; step: number },
): Promise<Point[]> {
  const { rows } = await db.raw<{ rows: Point[] }>(
    `select at, (select ${VALUES[metric]} where minute >= at and minute < at + :step * interval '1 second')::bigint as value
     from generate_series(cast(:from as timestamptz), cast(:to as timestamptz) - interval '1 millisecond', :step * interval '1 second') at
     order by at`,
    { from, to, step },
  );
  return rows;
}
