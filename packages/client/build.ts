// Builds the published package: ESM and CJS with types, and one file for <script>; of the server's
// client ESM and CJS alone. Run by `pnpm build` after `tsc`.
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';

const DIST = join(import.meta.dirname, 'dist');

const SHARED: BuildOptions = {
  bundle: true,
  target: 'es2022',
  platform: 'neutral',
  sourcemap: 'linked',
  // Source maps refer to the repository.
  sourcesContent: false,
  write: false,
};

const from = (name: string): Pick<BuildOptions, 'entryPoints'> => ({
  entryPoints: [join(import.meta.dirname, 'src', name)],
});

/** `@chatapi/client/state` shares no module with the client, which it gets as an argument. */
export const FORMATS = {
  'esm/index.js': { ...from('index.ts'), format: 'esm' },
  'cjs/index.js': { ...from('index.ts'), format: 'cjs' },
  'esm/server.js': { ...from('server.ts'), format: 'esm' },
  'cjs/server.js': { ...from('server.ts'), format: 'cjs' },
  'esm/state/index.js': { ...from('state/index.ts'), format: 'esm' },
  'cjs/state/index.js': { ...from('state/index.ts'), format: 'cjs' },
  'chatapi-client.js': { ...from('index.ts'), format: 'iife', globalName: 'chatapi', minify: true },
} as const satisfies Record<string, BuildOptions>;

/** Contents of a bundle and its source map. */
export async function bundle(file: keyof typeof FORMATS, options: BuildOptions = {}): Promise<Map<string, Uint8Array>> {
  const made = { ...SHARED, ...FORMATS[file], outfile: join(DIST, file), ...options };
  const { outputFiles = [] } = await build(made);
  return new Map(outputFiles.map(({ path, contents }) => [path, contents]));
}

/** Writes atomically: a concurrent reader gets the old or the new file, never a part. */
function put(path: string, contents: string | Uint8Array): void {
  const part = `${path}.${process.pid}.part`;
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
  for (const folder of ['esm', 'cjs']) {
    mkdirSync(join(DIST, folder, 'state'), { recursive: true });
    writeTypes(folder);
  }
  put(join(DIST, 'cjs', 'package.json'), '{ "type": "commonjs" }\n');
  for (const file of Object.keys(FORMATS) as (keyof typeof FORMATS)[])
    for (const [path, contents] of await bundle(file)) put(path, contents);
}

if (process.argv[1] === import.meta.filename) await write();
