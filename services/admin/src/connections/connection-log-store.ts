// SQL of the connection log. Nodes repeat what was not acknowledged, so every write is idempotent.
import type { Knex } from '@chatapi/kit/data';

export const CONNECTIONS_KEPT_DAYS = 7;

export interface LoggedConnection {
  id: string;
  user_id: string;
  opened_at: string;
  closed_at: string | null;
  close_code: number | null;
}

export async function saveConnections(
  db: Knex,
  node: string,
  instance: string,
  connections: LoggedConnection[],
): Promise<void> {
  await db.raw(
    `insert into connection_nodes (node, instance, heard_at) values (?, ?, clock_timestamp())
     on conflict (node) do update set heard_at = excluded.heard_at`,
    [node, instance],
  );
  if (connections.length === 0) return;
  await db.raw(
    `insert into connections as t (id, user_id, node, opened_at, closed_at, close_code)
     select id, user_id, ?, opened_at, closed_at, close_code
     from jsonb_to_recordset(?::jsonb) c(id text, user_id text, opened_at timestamptz, closed_at timestamptz, close_code int)
     order by id
     on conflict (id) do update set closed_at = coalesce(excluded.closed_at, t.closed_at),
       close_code = coalesce(excluded.close_code, t.close_code)`,
    [node, JSON.stringify(connections)],
  );
}

/** A batch, so that no statement takes long. */
export async function deleteOldConnections(db: Knex): Promise<void> {
  const old = `now() - interval '${CONNECTIONS_KEPT_DAYS} days'`;
  for (let deleted = 1; deleted > 0; ) {
    const { rowCount } = await db.raw<{ rowCount: number }>(
      `delete from connections where id in (select id from connections where opened_at < ${old} order by opened_at limit 5000)`,
    );
    deleted = rowCount;
  }
  await db.raw(`delete from connection_nodes where heard_at < ${old}`);
}

export const forgetConnectionsOf = async (trx: Knex, userIds: string[]): Promise<void> =>
  void (await trx('connections').whereIn('user_id', userIds).delete());

export interface ShownConnection {
  id: string;
  node: string;
  opened_at: Date;
  /** null: still open. Of a node that died: when it was last heard. */
  closed_at: Date | null;
  close_code: number | null;
}

/** A node that is silent for so long has died: it tells every few seconds. */
const DEAD_AFTER = `interval '60 seconds'`;

/** Those that were open at a time or opened later, oldest first, at most 50. */
export async function connectionsSince(db: Knex, userId: string, at: string): Promise<ShownConnection[]> {
  const { rows } = await db.raw<{ rows: ShownConnection[] }>(
    `select * from (
       select c.id, n.instance as node, c.opened_at, c.close_code,
         coalesce(c.closed_at, case when n.heard_at < now() - ${DEAD_AFTER} then greatest(n.heard_at, c.opened_at) end) as closed_at
       from connections c join connection_nodes n on n.node = c.node where c.user_id = ?) known
     where closed_at is null or closed_at >= cast(? as timestamptz)
     order by opened_at limit 50`,
    [userId, at],
  );
  return rows;
}
