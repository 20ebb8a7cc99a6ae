import type { PoolClient } from '@chatapi/kit/data';

export async function inTransaction<T>(client: PoolClient, work: () => Promise<T>): Promise<T> {
  await client.query('begin');
  try {
    const result = await work();
    await client.query('commit');
    return result;
  } catch (error) {
    // A closed connection has rolled back already.
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}
