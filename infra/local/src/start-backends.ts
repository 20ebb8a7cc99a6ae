// Starts PostgreSQL and Redis, waits until they answer and creates the database.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Backends } from './instances.ts';
import { freePort } from './ports.ts';
import { DATABASE, postgresCommand, postgresUrl } from './postgres.ts';
import { createDatabase } from './provision.ts';
import { redisCommand } from './redis.ts';
import type { Settings } from './settings.ts';
import { type Supervised, supervise, type Watcher } from './supervise.ts';
import { UserError } from './user-error.ts';

export interface Progress {
  say(line: string): void;
}

async function redisAnswers(url: string): Promise<void> {
  const redis = new Redis(url, { retryStrategy: () => 30, maxRetriesPerRequest: null });
  redis.on('error', () => undefined);
  try {
    for (const end = Date.now() + 15_000; ; await sleep(30)) {
      // Redis answers LOADING while it reads its file.
      const pong = await Promise.race([redis.ping().catch(() => ''), sleep(end - Date.now(), 'late', { ref: false })]);
      if (pong === 'PONG') return;
      if (pong === 'late') throw new UserError('Redis does not answer');
    }
  } finally {
    redis.disconnect();
  }
}

/**
 * Starts PostgreSQL and Redis unless the settings name existing ones; adds started processes to
 * `processes`.
 */
export async function startBackends(
  settings: Settings,
  secretPassword: string,
  watcher: Watcher,
  progress: Progress,
  processes: Supervised[],
): Promise<Backends> {
  const log = (name: string): string => join(settings.dataDir, 'logs', `${name}.log`);
  let redisUrl = settings.redisUrl;
  let databaseUrl = settings.databaseUrl;
  if (redisUrl === undefined) {
    const port = await freePort();
    redisUrl = `redis://127.0.0.1:${port}`;
    processes.push(supervise('redis', redisCommand(settings.dataDir, port, progress.say), log('redis'), watcher));
  }
  if (databaseUrl === undefined) {
    const port = await freePort();
    databaseUrl = postgresUrl(port, secretPassword);
    processes.push(
      supervise('postgres', await postgresCommand(settings.dataDir, port, secretPassword), log('postgres'), watcher),
    );
    await createDatabase(postgresUrl(port, secretPassword, 'postgres'), DATABASE);
  }
  await redisAnswers(redisUrl);
  return { postgresUrl: databaseUrl, redisUrl };
}
