// Each service as one file, for tests: most of the CPU time of a start goes into finding and
// reading some 1,400 modules. Beside each file is its compile cache, so that both go together.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin, stop } from 'esbuild';
import { fingerprint } from './fingerprint.ts';
import { REPO, SERVICE_DIRS, type ServiceDir } from './settings.ts';

const SOURCES = [
  'pnpm-lock.yaml',
  'infra/local/src/bundles.ts',
  'packages/{kit,bus}/{package.json,src/**/*.ts}',
  'services/*/{package.json,src/**/*.ts}',
];

/** Native code, files that are read, and knex's drivers of other databases, which are missing. */
const EXTERNAL = [
  'bcrypt',
  'sharp',
  'swagger-ui-dist',
  ...['better-sqlite3', 'mariadb/callback', 'mysql', 'mysql2', 'oracledb', 'sqlite3', 'tedious'],
  ...['pg-native', 'pg-query-stream'],
];

/** What CommonJS modules expect, which most dependencies are. */
const BANNER = `import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);
const { filename: __filename, dirname: __dirname } = import.meta;`;

/** Sources find files that belong to them, as templates, beside themselves. */
const ownPlaces: Plugin = {
  name: 'own-places',
  setup(one) {
    one.onLoad({ filter: /[\\/](services|packages)[\\/][^\\/]+[\\/]src[\\/].*\.ts$/ }, ({ path }) => {
      const contents = readFileSync(path, 'utf8')
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
        .replaceAll('import.meta.filename', JSON.stringify(path))
        .replaceAll('import.meta.dirname', JSON.stringify(dirname(path)));
      return { contents, loader: 'ts' };
    });
  },
};

/** Where the imports of a service are found. */
const cacheOf = (dir: ServiceDir): string => join(REPO, 'services', dir, 'node_modules', '.chatapi');

/** A cluster that runs may start its processes again from an older file. */
const OUTDATED_MS = 60 * 60_000;

function removeOutdated(cache: string): void {
  const isOld = (name: string): boolean => Date.now() - statSync(join(cache, name)).mtimeMs > OUTDATED_MS;
  for (const name of readdirSync(cache).filter(isOld)) rmSync(join(cache, name), { recursive: true, force: true });
}

/** Another process may make the same file: the last one wins. */
function write(main: string, contents: Uint8Array): void {
  const own = `${main}.${process.pid}`;
  writeFileSync(own, contents);
  renameSync(own, main);
}

/** All at once, so that esbuild reads what services share once. */
async function bundle(dirs: ServiceDir[], mainOf: (dir: ServiceDir) => string): Promise<void> {
  const { outputFiles } = await build({
    entryPoints: dirs.map((dir) => ({ in: join(REPO, 'services', dir, 'src', 'main.ts'), out: dir })),
    outdir: REPO,
    absWorkingDir: REPO,
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['source'],
    external: EXTERNAL,
    banner: { js: BANNER },
    plugins: [ownPlaces],
    legalComments: 'none',
    logLevel: 'silent',
    write: false,
  });
  for (const { path, contents } of outputFiles) write(mainOf(basename(path, '.js') as ServiceDir), contents);
  await stop();
}

/** @returns the folder of each service, with its file and its compile cache. */
export async function makeBundles(): Promise<Record<ServiceDir, string>> {
  const name = fingerprint(SOURCES);
  const folderOf = (dir: ServiceDir): string => join(cacheOf(dir), name);
  const mainOf = (dir: ServiceDir): string => join(folderOf(dir), 'main.mjs');
  const missing = SERVICE_DIRS.filter((dir) => !existsSync(mainOf(dir)));
  for (const dir of missing) {
    mkdirSync(folderOf(dir), { recursive: true });
    removeOutdated(cacheOf(dir));
  }
  if (missing.length > 0) await bundle(missing, mainOf);
  return Object.fromEntries(SERVICE_DIRS.map((dir) => [dir, folderOf(dir)])) as Record<ServiceDir, string>;
}
