// What the dashboard must show: counted in the services' own tables.
import type { Client } from 'pg';
import type { Json, Rest } from './client.ts';

const RECOUNT = `
select
  (select json_build_object('total', count(*), 'active_24h', count(*) filter (where greatest(seen_at, created_at) > now() - interval '24 hours'),
    'new_24h', count(*) filter (where created_at > now() - interval '24 hours'), 'banned', count(*) filter (where status = 'banned'))
    from auth.accounts) users,
  (select json_build_object('total', count(*), 'public', count(*) filter (where kind = 'public'),
    'private', count(*) filter (where kind = 'private'), 'direct', count(*) filter (where kind = 'direct'))
    from messages.rooms where deleted_at is null) rooms,
  (select json_build_object('total', count(*), 'last_24h', count(*) filter (where created_at > now() - interval '24 hours'),
    'last_hour', count(*) filter (where created_at > now() - interval '1 hour')) from messages.messages where not is_deleted) messages,
  (select json_build_object('total', count(*), 'bytes', coalesce(sum(size), 0)) from files.files where deleted_at is null) files`;

/** Every number of the dashboard that is kept in a database. */
export const recount = async (db: Client): Promise<Json> => (await db.query(RECOUNT)).rows[0];

/** Messages of the last day, by the series for charts. */
export async function chartedMessages(admin: Rest): Promise<number> {
  const { points } = (await admin.get('/admin/dashboard/series?metric=messages').expect(200)).body;
  return points.reduce((sum: number, { value }: Json) => sum + value, 0);
}
