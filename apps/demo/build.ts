// Builds the page: one script and one style sheet, named by their contents, and the list of both.
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build, type Plugin } from 'esbuild';

export const DIST = join(import.meta.dirname, 'dist');

/** What the list of files says. */
export interface Assets {
  script: string;
  style: string;
}

/** Parts of the SDK that the page never reaches: a tenth of it. */
const UNUSED: Record<string, string> = {
  'admin.ts': 'export class AdminApi {}',
  'state/members.ts': 'export class Members {}',
  // `shareTabs: false`: the two people would not notice each other's cut.
  'tabs.ts': 'export class Tabs {}',
  // Browsers have FormData.
  'multipart.ts': 'export const multipart = () => ({});',
};
const withoutUnused: Plugin = {
  name: 'without-unused',
  setup(one) {
    one.onLoad({ filter: /[\\/]packages[\\/]client[\\/]src[\\/]/ }, ({ path }) => {
      const name = path.replaceAll('\\', '/').replace(/^.*\/packages\/client\/src\//, '');
      return Object.hasOwn(UNUSED, name) ? { contents: UNUSED[name] } : undefined;
    });
  },
};

/** A concurrent reader gets the old or the new file, never a part. */
function put(name: string, contents: string | Uint8Array): void {
  const part = join(DIST, `${name}.${process.pid}.part`);
  writeFileSync(part, contents);
  renameSync(part, join(DIST, name));
}

export interface Built {
  /** Contents by name. */
  files: Map<string, Uint8Array>;
  assets: Assets;
}

export async function bundleDemo(): Promise<Built> {
  const { outputFiles, metafile } = await build({
    entryPoints: ['main.tsx', 'demo.css'].map((name) => join(import.meta.dirname, 'src', name)),
    outdir: DIST,
    absWorkingDir: import.meta.dirname,
    entryNames: 'demo-[hash]',
    chunkNames: 'demo-[hash]',
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    conditions: ['source'],
    plugins: [withoutUnused],
    legalComments: 'none',
    logLevel: 'silent',
    metafile: true,
    write: false,
  });
  const outputOf = (entry: string): string => {
    const found = Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint === `src/${entry}`);
    return basename(found?.[0] as string);
  };
  return {
    files: new Map(outputFiles.map(({ path, contents }) => [basename(path), contents])),
    assets: { script: outputOf('main.tsx'), style: outputOf('demo.css') },
  };
}

export async function buildDemo(): Promise<void> {
  const { files, assets } = await bundleDemo();
  mkdirSync(DIST, { recursive: true });
  for (const [name, contents] of files) put(name, contents);
  put('assets.json', JSON.stringify(assets));
  for (const name of readdirSync(DIST))
    if (/^demo-.*\.(?:js|css)$/.test(name) && !files.has(name)) rmSync(join(DIST, name), { force: true });
}

if (process.argv[1] === import.meta.filename) await buildDemo();
