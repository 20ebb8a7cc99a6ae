// Where a planted mark is left: in any table, in Redis, in the store. And accounts that bear one.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { type Account, type Json, rest } from './client.ts';
import { cluster } from './cluster.ts';

export async function withDatabase<T>(work: (db: Client) => Promise<T>): Promise<T> {
  const db = new Client(cluster().postgresUrl);
  await db.connect();
  try {
    return await work(db);
  } finally {
    await db.end();
  }
}

/** Every row of every table of every schema that holds the text, wherever in it. */
export const rowsWith = (marker: string): Promise<string[]> =>
  withDatabase(async (db) => {
    const { rows: tables } = await db.query(
      `select format('%I.%I', table_schema, table_name) as name from information_schema.tables
       where table_schema not in ('pg_catalog', 'information_schema') and table_type = 'BASE TABLE'`,
    );
    const found: string[] = [];
    for (const { name } of tables) {
      const { rows } = await db.query(`select t::text as row from ${name} t where position($1 in lower(t::text)) > 0`, [
        marker.toLowerCase(),
      ]);
      found.push(...rows.map(({ row }) => `${name}: ${row}`));
    }
    return found;
  });

async function textOf(redis: Redis, key: string): Promise<string> {
  const type = await redis.type(key);
  if (type === 'string') return String(await redis.get(key));
  if (type === 'hash') return JSON.stringify(await redis.hgetall(key));
  if (type === 'list') return JSON.stringify(await redis.lrange(key, 0, -1));
  if (type === 'set') return JSON.stringify(await redis.smembers(key));
  if (type === 'zset') return JSON.stringify(await redis.zrange(key, '0', '-1'));
  return JSON.stringify(await redis.xrange(key, '-', '+'));
}

async function keysWith(marker: string): Promise<string[]> {
  const redis = new Redis(cluster().redisUrl);
  try {
    const found: string[] = [];
    for (const key of await redis.keys('*'))
      if (`${key} ${await textOf(redis, key)}`.toLowerCase().includes(marker.toLowerCase())) found.push(key);
    return found;
  } finally {
    redis.disconnect();
  }
}

export function filesWith(marker: string): string[] {
  const root = join(cluster().dataDir, 'uploads');
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => `${path} ${readFileSync(path, 'latin1')}`.toLowerCase().includes(marker.toLowerCase()));
}

export const everywhere = async (marker: string): Promise<string[]> => [
  ...(await rowsWith(marker)),
  ...(await keysWith(marker)),
  ...filesWith(marker),
];

/** All that an account is told to be at its start bears the mark. */
export async function registerMarked(mark: string): Promise<Account> {
  const body = {
    username: mark,
    email: `${mark}@example.com`,
    password: 'copper-violet-meadow-27',
    display_name: mark,
  };
  const { body: answer } = await rest().post('/users/register', body).set('User-Agent', `agent ${mark}`).expect(201);
  return {
    id: answer.user.id,
    username: mark,
    email: body.email,
    password: body.password,
    token: answer.access_token,
    refresh_token: answer.refresh_token,
  };
}

export const attachFile = async (of: Account, bytes: Buffer, name: string, description: string): Promise<Json> =>
  (await rest(of).post('/files/upload').attach('file', bytes, name).field('description', description).expect(201)).body;
