import type { Knex } from '@chatapi/kit/data';

export async function databaseInfo(db: Knex): Promise<{ version: string; uptime_s: number }> {
  const { rows } = await db.raw<{ rows: [{ version: string; uptime_s: number }] }>(
    `select current_setting('server_version') as version,
       extract(epoch from clock_timestamp() - pg_postmaster_start_time())::int as uptime_s`,
  );
  return rows[0];
}
