import type { PacketRecord } from '@chatapi/bus';
import type { Knex } from '@chatapi/kit/data';

/** Locks the room and takes its next `n` seqs. @returns the last of them. */
export async function takeSeqs(trx: Knex, roomId: string, n: number): Promise<number> {
  const { rows } = await trx.raw<{ rows: { last_seq: number }[] }>(
    'update rooms set last_seq = last_seq + ? where id = ? returning last_seq',
    [n, roomId],
  );
  return (rows[0] as { last_seq: number }).last_seq;
}

export interface EventRow {
  seq: number;
  sender: string;
  message_id: string | null;
  frame: string;
}

export async function insertEvents(trx: Knex, roomId: string, events: EventRow[]): Promise<void> {
  await trx.raw(
    `insert into room_events (room_id, seq, created_at, sender, message_id, frame)
     select ?, seq, clock_timestamp(), sender, nullif(message_id, ''), frame from unnest(?::bigint[], ?::text[], ?::text[], ?::text[]) as t(seq, sender, message_id, frame)`,
    [
      roomId,
      events.map((e) => e.seq),
      events.map((e) => e.sender),
      events.map((e) => e.message_id ?? ''),
      events.map((e) => e.frame),
    ],
  );
}

export async function insertPending(
  trx: Knex,
  id: string,
  spans: { room_id: string; first: number; last: number }[],
  notices: PacketRecord[],
): Promise<void> {
  await trx('unpublished').insert({
    id,
    room_ids: spans.map((span) => span.room_id),
    first_seqs: spans.map(({ first }) => first),
    last_seqs: spans.map(({ last }) => last),
    notices: notices.length === 0 ? null : JSON.stringify(notices),
  });
}

export interface Replay {
  id: string;
  first_seq: number;
  last_seq: number;
  events: { seq: number; sender: string; frame: string }[];
}

const HEAD = `select r.last_seq, (select e.seq from room_events e where e.room_id = r.id order by e.seq limit 1) first_seq from rooms r where r.id = ?`;
export const EVENTS_AFTER =
  'select seq, sender, frame from room_events where room_id = ? and seq > ? order by seq limit ?';

/** Events after `after`, oldest first. `first_seq`: the oldest stored seq, or the next one. */
export async function readEvents(db: Knex, roomId: string, after: number, limit: number): Promise<Replay> {
  const head = await db.raw<{ rows: { last_seq: number; first_seq: number | null }[] }>(HEAD, [roomId]);
  const { rows: events } = await db.raw<{ rows: Replay['events'] }>(EVENTS_AFTER, [roomId, after, limit]);
  const { last_seq = 0, first_seq = null } = head.rows[0] ?? {};
  return {
    id: roomId,
    first_seq: first_seq ?? last_seq + 1,
    last_seq: Math.max(last_seq, events.at(-1)?.seq ?? 0),
    events,
  };
}

export interface Heads {
  heads: Record<string, number>;
  /** Raised by each leaving, and by some other changes. */
  versions: Record<string, number>;
}

export async function readHeads(db: Knex, roomIds: string[]): Promise<Heads> {
  const { rows } = await db.raw<{ rows: { id: string; last_seq: number; version: number }[] }>(
    'select id, last_seq, version from rooms where id = any(?) and deleted_at is null',
    [roomIds],
  );
  return {
    heads: Object.fromEntries(rows.map(({ id, last_seq }) => [id, last_seq])),
    versions: Object.fromEntries(rows.map(({ id, version }) => [id, version])),
  };
}

/** The events with a message's text: its own and its edits. */
export async function framesOfMessage(
  trx: Knex,
  { id, room_id, seq }: { id: string; room_id: string; seq: number },
): Promise<{ seq: number; frame: string }[]> {
  const { rows } = await trx.raw<{ rows: { seq: number; frame: string }[] }>(
    `select seq, frame from room_events where room_id = ? and seq = ?
     union all select seq, frame from room_events where message_id = ? and seq <> ?`,
    [room_id, seq, id, seq],
  );
  return rows;
}
