// Builds the pages that are on, when their sources changed.
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fingerprint } from '../fingerprint.ts';
import { REPO, type Settings } from '../settings.ts';

type AppName = 'console' | 'demo' | 'guide';
type Env = Pick<Settings, 'env'>;

/** As the gateway decides it. */
export const hasDemo = ({ env }: Env): boolean => (env.DEMO ? env.DEMO === 'true' : env.NODE_ENV !== 'production');
export const hasConsole = ({ env }: Env): boolean => env.CONSOLE !== 'off';
const hasGuide = ({ env }: Env): boolean => env.DOCS !== 'off';

/** The pages of the guide. */
const DOCUMENTS = ['docs/*.md', 'k8s/README.md', 'packages/{client,client-python,react}/README.md'];

const sourcesOf = (name: AppName): string[] => [
  'pnpm-lock.yaml',
  `apps/${name}/{*.ts,src/**/*.{ts,tsx,css}}`,
  ...(name === 'guide' ? DOCUMENTS : []),
  'packages/page/src/**/*.{ts,css}',
  'packages/client/src/**/*.ts',
];

/** In its own process: most starts need no esbuild. */
async function buildApp(name: AppName): Promise<void> {
  const folder = join(REPO, 'apps', name);
  const stamp = join(folder, 'dist', 'sources');
  const sources = fingerprint(sourcesOf(name));
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === sources) return;
  await promisify(execFile)(process.execPath, ['--conditions=source', join(folder, 'build.ts')]);
  writeFileSync(stamp, sources);
}

/** A fault of a page must not keep the cluster from its work. */
export async function buildApps(settings: Env, say: (line: string) => void): Promise<void> {
  const names: AppName[] = [
    ...(hasConsole(settings) ? ['console' as const] : []),
    ...(hasDemo(settings) ? ['demo' as const] : []),
    ...(hasGuide(settings) ? ['guide' as const] : []),
  ];
  await Promise.all(
    names.map((name) =>
      buildApp(name).catch((error: Error) => say(`the ${name} could not be built: ${error.message}`)),
    ),
  );
}
