// `npm run migrate`: migrates the schemas in the database of DATABASE_URL or of the local cluster,
// running or not.
import { startBackendsOnly } from './backends.ts';
import { commandLine, lockDataDir, openDataDir, readClusterFile, secretsOf, unlockDataDir } from './data-dir.ts';
import { migrateAll } from './migrations.ts';
import { provision } from './provision.ts';
import { readSettings, type Settings } from './settings.ts';
import { UserError } from './user-error.ts';

const say = (line: string): void => void process.stderr.write(`chatapi: ${line}\n`);

/** URL of the database of a cluster that runs on this folder. */
function runningDatabase({ dataDir }: Settings): string | undefined {
  const postgres = readClusterFile(dataDir)?.postgres;
  return postgres !== undefined && commandLine(postgres.pid).includes(dataDir) ? postgres.url : undefined;
}

async function migrateHere(settings: Settings, url: string): Promise<void> {
  const { roles } = secretsOf(settings.dataDir);
  await provision(url, roles);
  await migrateAll(url, roles, settings.compiled);
}

async function migrateAlone(settings: Settings): Promise<void> {
  openDataDir(settings.dataDir);
  lockDataDir(settings.dataDir);
  const backends = await startBackendsOnly(settings);
  try {
    await migrateAll(backends.postgresUrl, backends.rolePasswords, settings.compiled);
  } finally {
    await backends.stop();
    unlockDataDir(settings.dataDir);
  }
}

try {
  const settings = readSettings(process.env);
  const running = runningDatabase(settings);
  await (running === undefined ? migrateAlone(settings) : migrateHere(settings, running));
  say('the schemas are up to date');
} catch (error) {
  say(error instanceof UserError ? error.message : String((error as Error).stack));
  process.exitCode = 1;
}
