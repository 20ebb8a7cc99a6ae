// `npm run dev`: starts the cluster with inspectors and restarts services when sources change.
import { spawnSync } from 'node:child_process';
import { watch } from 'node:fs';
import { join } from 'node:path';
import { buildApps } from './apps/build-apps.ts';
import { startWithApps } from './apps/start-with-apps.ts';
import type { Cluster } from './cluster.ts';
import { INSPECT_PORT, inspectorOf } from './instances.ts';
import { readyMessage } from './ready-message.ts';
import { REPO, readSettings, type Settings } from './settings.ts';
import { UserError } from './user-error.ts';

const say = (line: string): void => void process.stderr.write(`chatapi: ${line}\n`);
/** Editors write a file in several steps. */
const SETTLE_MS = 100;
const GRACE_MS = 1500;
const READY_MS = 10_000;

/** The service that a file belongs to; undefined: all of them. */
const serviceOf = (file: string): string | undefined =>
  file.startsWith('apps/') ? 'api-gateway' : /^services\/([^/]+)\/src\//.exec(file)?.[1];
const isSource = (file: string): boolean => /^(?:services|packages|apps)\/[^/]+\/src\/.*\.(?:tsx?|css)$/.test(file);

async function restartFor(cluster: Cluster, files: string[], settings: Settings): Promise<void> {
  if (files.some((file) => file.includes('/migrations/'))) migrateBeside(settings);
  if (files.some((file) => /^(?:apps|packages\/(?:client|page))\//.test(file))) await buildApps(settings, say);
  const services = files.map(serviceOf);
  const all = services.includes(undefined);
  const hit = cluster.instances.filter(({ dir }) => all || services.includes(dir));
  const began = Date.now();
  await Promise.all(hit.map(({ name }) => cluster.restart(name, GRACE_MS)));
  await cluster.waitReady(READY_MS);
  const names = hit.map(({ name }) => name).join(', ');
  say(`${files.join(', ')} changed: restarted ${names} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
}

/** Runs in its own process, because this one has loaded the old migrations. */
function migrateBeside({ env, dataDir }: Settings): void {
  const program = join(REPO, 'infra', 'local', 'src', 'migrate-command.ts');
  spawnSync(process.execPath, ['--conditions=source', program], {
    cwd: REPO,
    env: { ...env, DATA_DIR: dataDir },
    stdio: 'inherit',
  });
}

function watchSources(cluster: Cluster, settings: Settings): void {
  const changed = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let restarting = Promise.resolve();
  const run = (): void => {
    const files = [...changed];
    changed.clear();
    restarting = restarting
      .then(() => restartFor(cluster, files, settings))
      .catch((error: Error) => say(`${error.message}; waiting for the next change`));
  };
  for (const folder of ['services', 'packages', 'apps'])
    watch(join(REPO, folder), { recursive: true }, (_event, name) => {
      const file = `${folder}/${name ?? ''}`;
      if (!isSource(file) || file.includes('node_modules')) return;
      changed.add(file);
      clearTimeout(timer);
      timer = setTimeout(run, SETTLE_MS);
    });
}

const started = Date.now();
const starting = new AbortController();
let cluster: Cluster | undefined;
const stop = (): void => {
  starting.abort();
  void cluster?.stop().then(() => process.exit(0));
};
process.on('SIGINT', stop).on('SIGTERM', stop).on('disconnect', stop);

try {
  const settings: Settings = { ...readSettings(process.env), inspectPort: INSPECT_PORT };
  cluster = await startWithApps(settings, { say }, starting.signal);
  process.stdout.write(`${readyMessage(cluster, settings, (Date.now() - started) / 1000)}\n`);
  for (const instance of cluster.instances)
    say(
      `inspector of ${instance.name}: 127.0.0.1:${inspectorOf({ settings, instances: cluster.instances }, instance)}`,
    );
  watchSources(cluster, settings);
} catch (error) {
  say(error instanceof UserError ? error.message : String((error as Error).stack));
  process.exit(starting.signal.aborted ? 0 : 1);
}
