import { factColumns, type PacketRecord, roomTopic } from '@chatapi/bus';
import type { Knex, PipelinedPool } from '@chatapi/kit/data';

// Younger rows are still being published by the instance that wrote them.
const MIN_AGE = `interval '700 milliseconds'`;
// Such rows are of a dead instance, or of an outage: a busy one is not that late.
const STALE_AGE = `interval '5 seconds'`;
// Older rows are not published: nodes have compared the heads of their rooms since.
const MAX_AGE = `interval '60 seconds'`;
export const MAX_ROWS = 100;
export const MAX_TOLD = 1000;

/** Heads per fact. */
const MAX_HEADS = 1000;

/** Heads of the commits in `gone`, for followers of the log: without any, nothing is told. */
const MOVED = `
  select jsonb_object_agg(room_id, head) heads, nth from (
    select room_id, max(head) head, (row_number() over () - 1) / ${MAX_HEADS} nth
    from gone, unnest(gone.room_ids, gone.last_seqs) as u(room_id, head)
    where not gone.told and room_id not like 'self:%' and exists (select from followers where until > now())
    group by room_id
  ) heads group by nth`;
const TELL_MOVED = `select ? || nth, ?, jsonb_build_object('heads', heads), ?::text[] from moved`;

/**
 * Deletes the rows and publishes one fact per second with the number of messages: one per commit
 * would cost as much as a message. Followers of the log learn from facts which rooms have moved.
 * @returns whether they were told.
 */
export async function markPublished(db: Knex, ids: string[]): Promise<boolean> {
  const created = factColumns('messages.created');
  const moved = factColumns('rooms.moved');
  const { rows } = await db.raw<{ rows: { name: string }[] }>(
    `with gone as (
       delete from unpublished where id = any(?)
       returning made, date_trunc('second', made_at) at, room_ids, last_seqs, told
     ), counted as (
       select sum(made) count, at from gone where made > 0 group by at
     ), moved as (${MOVED})
     insert into outbox (id, name, payload, waiting_for)
     select ? || row_number() over (), ?, jsonb_build_object('count', count, 'created_at', at), ?::text[] from counted
     union all ${TELL_MOVED} returning name`,
    [ids, created.id, created.name, created.waiting_for, moved.id, moved.name, moved.waiting_for],
  );
  return rows.some(({ name }) => name === moved.name);
}

/**
 * Without Redis, rows wait to be published, but followers need not: they ask for what is told here.
 * @returns how many rows were told.
 */
export async function tellFollowers(db: Knex): Promise<number> {
  const { id, name, waiting_for } = factColumns('rooms.moved');
  const { rows } = await db.raw<{ rows: [{ n: number }] }>(
    `with taken as (
       select id from unpublished
       where not told and created_at < now() - ${MIN_AGE} and exists (select from followers where until > now())
       order by created_at limit ${MAX_TOLD} for update skip locked
     ), gone as (
       update unpublished u set told = true from taken where u.id = taken.id
       returning u.room_ids, u.last_seqs, false told
     ), moved as (${MOVED}), facts as (
       insert into outbox (id, name, payload, waiting_for) ${TELL_MOVED}
     )
     select count(*) n from gone`,
    [id, name, waiting_for],
  );
  return rows[0].n;
}

/** Rows that nodes no longer need to be told of, as in publishLeftovers. */
export async function dropOld(db: Knex): Promise<number> {
  return await db.transaction(async (trx) => {
    const { rows } = await trx.raw<{ rows: { id: string }[] }>(
      `select id from unpublished where created_at < now() - ${MAX_AGE}
       order by created_at limit ${MAX_ROWS} for update skip locked`,
    );
    if (rows.length > 0)
      await markPublished(
        trx,
        rows.map(({ id }) => id),
      );
    return rows.length;
  });
}

interface PendingRow {
  id: string;
  room_ids: string[];
  first_seqs: string[];
  last_seqs: string[];
  notices: string | null;
  old: boolean;
}

const EVENTS = `
select e.room_id, e.seq, e.sender, e.frame from unnest(?::text[], ?::bigint[], ?::bigint[]) as p(room_id, first_seq, last_seq)
join room_events e on e.room_id = p.room_id and e.seq between p.first_seq and p.last_seq order by e.room_id, e.seq`;

async function eventRecords(trx: Knex, rows: PendingRow[]): Promise<PacketRecord[]> {
  const bindings = [
    rows.flatMap((r) => r.room_ids),
    rows.flatMap((r) => r.first_seqs),
    rows.flatMap((r) => r.last_seqs),
  ];
  const { rows: events } = await trx.raw<{ rows: { room_id: string; seq: number; sender: string; frame: string }[] }>(
    EVENTS,
    bindings,
  );
  return events.map(({ room_id, seq, sender, frame }) => ({
    kind: 'event',
    topic: roomTopic(room_id),
    room: room_id,
    seq,
    sender,
    origin: '',
    frame,
  }));
}

const HAS_UNPUBLISHED = `select exists (select from unpublished where created_at < now() - ${MIN_AGE}) waits`;

/** A cheap check before `publishLeftovers`: usually there are none. */
export const hasUnpublished = async (reads: PipelinedPool): Promise<boolean> =>
  (await reads.query<{ waits: boolean }>({ name: 'left-over', text: HAS_UNPUBLISHED, values: [] })).rows[0]?.waits ===
  true;

/**
 * Publishes rows left by a crash or an outage of Redis. Concurrent sweeps skip each other's rows.
 */
export async function publishLeftovers(
  db: Knex,
  publish: (records: PacketRecord[]) => Promise<void>,
  age: 'young' | 'stale',
): Promise<number> {
  return await db.transaction(async (trx) => {
    const { rows } = await trx.raw<{ rows: PendingRow[] }>(
      `select id, room_ids, first_seqs, last_seqs, notices, created_at < now() - ${MAX_AGE} old from unpublished
       where created_at < now() - ${age === 'young' ? MIN_AGE : STALE_AGE}
       order by created_at limit ${MAX_ROWS} for update skip locked`,
    );
    if (rows.length === 0) return 0;
    const recent = rows.filter(({ old }) => !old);
    const notices = recent.flatMap((row) => (row.notices === null ? [] : (JSON.parse(row.notices) as PacketRecord[])));
    if (recent.length > 0) await publish([...notices, ...(await eventRecords(trx, recent))]);
    await markPublished(
      trx,
      rows.map(({ id }) => id),
    );
    return rows.length;
  });
}
