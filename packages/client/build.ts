// Builds the published package: ESM and CJS with types, and single files for pages. Run by
// `pnpm build` after `tsc`.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';

const DIST = join(import.meta.dirname, 'dist');
const SOURCES = join(import.meta.dirname, 'src');

const SHARED: BuildOptions = {
  bundle: true,
  target: 'es2022',
  platform: 'neutral',
  sourcemap: 'linked',
  // Source maps refer to the repository.
  sourcesContent: false,
  write: false,
};

const from = (name: string): Pick<BuildOptions, 'entryPoints'> => ({ entryPoints: [join(SOURCES, name)] });
const alone = (file: string): Pick<BuildOptions, 'outfile'> => ({ outfile: join(DIST, file) });

/** For pages without a bundler: the client with the stores, in one file. */
const WHOLE = "export * from './index.ts'; export { live } from './state/index.ts';";

export const BUNDLES = {
  /** What is loaded only when it is used, and what entries share, are files of their own. */
  esm: {
    entryPoints: ['index.ts', 'server.ts', 'state/index.ts'].map((name) => join(SOURCES, name)),
    format: 'esm',
    splitting: true,
    outdir: join(DIST, 'esm'),
    outbase: SOURCES,
    chunkNames: 'parts/[name]-[hash]',
  },
  cjs: { ...from('index.ts'), format: 'cjs', ...alone('cjs/index.js') },
  cjsServer: { ...from('server.ts'), format: 'cjs', ...alone('cjs/server.js') },
  cjsState: { ...from('state/index.ts'), format: 'cjs', ...alone('cjs/state/index.js') },
  script: {
    ...from('index.ts'),
    format: 'iife',
    globalName: 'chatapi',
    minify: true,
    ...alone('chatapi-client.js'),
  },
  module: {
    stdin: { contents: WHOLE, resolveDir: SOURCES, loader: 'ts' },
    format: 'esm',
    minify: true,
    ...alone('chatapi.js'),
  },
} as const satisfies Record<string, BuildOptions>;

/** The files of a bundle, with their source maps, by path. */
export async function bundle(name: keyof typeof BUNDLES, options: BuildOptions = {}): Promise<Map<string, Uint8Array>> {
  const { outputFiles = [] } = await build({ ...SHARED, ...(BUNDLES[name] as BuildOptions), ...options });
  return new Map(outputFiles.map(({ path, contents }) => [path, contents]));
}

/** Writes atomically: a concurrent reader gets the old or the new file, never a part. */
function put(path: string, contents: string | Uint8Array): void {
  const part = `${path}.${process.pid}.part`;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(part, contents);
  renameSync(part, path);
}

/** One copy per folder, since the package.json above a type decides its module system. */
function writeTypes(folder: string): void {
  for (const below of ['', 'state'])
    for (const name of readdirSync(join(DIST, below)).filter((file) => file.endsWith('.d.ts'))) {
      const text = readFileSync(join(DIST, below, name), 'utf8').replace(/(from '\.\.?\/[\w/-]+)\.ts'/g, "$1.js'");
      put(join(DIST, folder, below, name), text.replace(/^\/\/# sourceMappingURL.*$/m, ''));
    }
}

async function write(): Promise<void> {
  const parts = join(DIST, 'esm', 'parts');
  for (const folder of ['esm', 'cjs']) writeTypes(folder);
  put(join(DIST, 'cjs', 'package.json'), '{ "type": "commonjs" }\n');
  const written = new Set<string>();
  for (const name of Object.keys(BUNDLES) as (keyof typeof BUNDLES)[])
    for (const [path, contents] of await bundle(name)) {
      put(path, contents);
      written.add(path);
    }
  // Of earlier builds: their names bear hashes.
  for (const name of readdirSync(parts)) if (!written.has(join(parts, name))) rmSync(join(parts, name));
}

if (process.argv[1] === import.meta.filename) await write();
