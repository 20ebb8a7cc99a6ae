// The command that migrates a service's schema. Exit codes: 0 up to date, 78 this version is too
// old for the schema, 1 any other error.
import { setTimeout as sleep } from 'node:timers/promises';
import type { MigrationConfig } from '../config.ts';
import { createLog, type Log } from '../log.ts';
import { IncompatibleSchema, migrate, type Schema } from './migrate.ts';
import { openMigrationDb } from './migration-lock.ts';

const CONNECT_PAUSE_MS = 500;
const MAX_CONNECT_ATTEMPTS = 240;

/** PostgreSQL and its roles may come up later. Waiting is faster than being restarted. */
async function waitUntilReachable(config: MigrationConfig, { name }: Schema, log: Log): Promise<void> {
  const db = openMigrationDb(config, name);
  try {
    for (let attempt = 1; ; attempt++) {
      const error = await db.raw('select 1').then(
        () => undefined,
        (thrown: Error) => thrown,
      );
      if (error === undefined) return;
      if (attempt === MAX_CONNECT_ATTEMPTS) throw error;
      log.debug({ err: error.message, attempt }, 'waiting for PostgreSQL');
      await sleep(CONNECT_PAUSE_MS);
    }
  } finally {
    await db.destroy();
  }
}

export async function migrateCommand(service: string, config: MigrationConfig, schema: Schema): Promise<void> {
  const log = createLog(service, 'migrate', config.LOG_LEVEL);
  try {
    await waitUntilReachable(config, schema, log);
    await migrate(config, schema, log);
    log.info({ schema: schema.name }, 'the schema is up to date');
  } catch (err) {
    log.fatal({ err }, 'the schema is not up to date');
    process.exitCode = err instanceof IncompatibleSchema ? 78 : 1;
  }
}
