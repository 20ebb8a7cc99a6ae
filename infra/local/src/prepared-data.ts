// A cached data folder in the state after a first start (PostgreSQL provisioned and migrated).
// Tests copy it, because creating it takes longer than most of them.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { startBackendsOnly } from './backends.ts';
import { fingerprint } from './fingerprint.ts';
import { migrateAll } from './migrations.ts';
import { REPO, readSettings, type Settings } from './settings.ts';

const ROOT = join(REPO, '.cache', 'prepared-data');

/** The sources that determine its contents. */
const SOURCES = [
  'pnpm-lock.yaml',
  'infra/postgres/provision.sql',
  'infra/local/src/{fingerprint,postgres,provision,data-dir,migrations,prepared-data}.ts',
  'packages/kit/src/data/*migrat*.ts',
  'packages/bus/src/migration.ts',
  'services/*/src/migrations/*.ts',
];

const ABANDONED_MS = 10 * 60_000;

/** Folders of earlier sources and leftovers of killed processes. */
const isStale = (name: string, folder: string): boolean =>
  name.startsWith('new-') ? Date.now() - statSync(join(ROOT, name)).mtimeMs > ABANDONED_MS : name !== basename(folder);

/** Another process may create the same folder: the first to finish wins. */
async function make(folder: string): Promise<void> {
  mkdirSync(ROOT, { recursive: true });
  for (const name of readdirSync(ROOT).filter((one) => isStale(one, folder)))
    rmSync(join(ROOT, name), { recursive: true, force: true });
  const settings = readSettings({ DATA_DIR: mkdtempSync(join(ROOT, 'new-')), PORT: '0', REALTIME_PORT: '0' });
  const backends = await startBackendsOnly(settings);
  await migrateAll(backends.postgresUrl, backends.rolePasswords, false);
  await backends.stop();
  rmSync(join(settings.dataDir, 'logs'), { recursive: true, force: true });
  try {
    renameSync(settings.dataDir, folder);
  } catch {
    rmSync(settings.dataDir, { recursive: true, force: true });
  }
}

/** @returns the folder to copy, created if it does not exist. */
export async function preparedFolder(): Promise<string> {
  const folder = join(ROOT, fingerprint(SOURCES));
  if (!existsSync(folder)) await make(folder);
  return folder;
}

/** Fills a new data folder. Does nothing with an external PostgreSQL or Redis. */
export async function prepareData({ dataDir, databaseUrl }: Settings): Promise<void> {
  if (databaseUrl !== undefined) return;
  const folder = await preparedFolder();
  // cp keeps the owner of PostgreSQL's files, and shares blocks where the file system can.
  if (process.platform === 'linux') execFileSync('cp', ['-a', '--reflink=auto', `${folder}/.`, dataDir]);
  else cpSync(folder, dataDir, { recursive: true, mode: 2 });
}
