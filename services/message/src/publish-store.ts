import { factHead, type PacketRecord, roomTopic } from '@chatapi/bus';
import type { Knex, Pipes } from '@chatapi/kit';

/** Tells in the same statement how many messages those commits made, by the second: a fact for each commit would cost as much as a message. */
export async function forgetPublished(db: Knex, ids: string[]): Promise<void> {
  const { id, name, waiting_for } = factHead('messages.created');
  await db.raw(
    `with gone as (
       delete from unpublished where id = any(?) returning made, date_trunc('second', made_at) at
     ), counted as (
       select sum(made) count, at from gone where made > 0 group by at
     )
     insert into outbox (id, name, payload, waiting_for)
     select ? || row_number() over (), ?, jsonb_build_object('count', count, 'created_at', at), ? from counted`,
    [ids, id, name, waiting_for],
  );
}

interface PendingRow {
  id: string;
  room_ids: string[];
  first_seqs: string[];
  last_seqs: string[];
  notices: string | null;
  old: boolean;
}

// Younger rows are still on their way through the instance that wrote them.
const YOUNG = `interval '700 milliseconds'`;
// Older ones are told by nobody any more: nodes compare their rooms' heads by themselves.
const OLD = `interval '60 seconds'`;
const AT_ONCE = 100;

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

const LEFT_OVER = `select exists (select from unpublished where created_at < now() - ${YOUNG}) waits`;

/** Whether anything was committed a while ago and not marked since. Most of the time there is nothing. */
export const isLeftOver = async (reads: Pipes): Promise<boolean> =>
  (await reads.query<{ waits: boolean }>({ name: 'left-over', text: LEFT_OVER, values: [] })).rows[0]?.waits === true;

/** Publishes what is left over. Several instances may sweep: each takes other rows. */
export async function republish(db: Knex, publish: (records: PacketRecord[]) => Promise<void>): Promise<number> {
  return await db.transaction(async (trx) => {
    const { rows } = await trx.raw<{ rows: PendingRow[] }>(
      `select id, room_ids, first_seqs, last_seqs, notices, created_at < now() - ${OLD} old from unpublished
       where created_at < now() - ${YOUNG} order by created_at limit ${AT_ONCE} for update skip locked`,
    );
    if (rows.length === 0) return 0;
    const recent = rows.filter(({ old }) => !old);
    const notices = recent.flatMap((row) => (row.notices === null ? [] : (JSON.parse(row.notices) as PacketRecord[])));
    if (recent.length > 0) await publish([...notices, ...(await eventRecords(trx, recent))]);
    await forgetPublished(
      trx,
      rows.map(({ id }) => id),
    );
    return rows.length;
  });
}
