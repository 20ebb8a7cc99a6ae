// The guide at /docs/guide, built when its documents or sources changed.
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fingerprint } from './fingerprint.ts';
import { REPO } from './settings.ts';

const GUIDE = join(REPO, 'apps', 'guide');
const STAMP = join(GUIDE, 'dist', 'sources');
const SOURCES = [
  'pnpm-lock.yaml',
  'apps/guide/{*.ts,src/*}',
  'docs/*.md',
  'k8s/README.md',
  'packages/{client,client-python,react}/README.md',
];

/** In its own process: most starts need no esbuild. */
export async function buildGuide(): Promise<void> {
  const name = fingerprint(SOURCES);
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === name) return;
  await promisify(execFile)(process.execPath, ['--conditions=source', join(GUIDE, 'build.ts')]);
  writeFileSync(STAMP, name);
}
