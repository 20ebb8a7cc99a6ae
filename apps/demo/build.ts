// Builds the page: one script and one style sheet, named by their contents, and the list of both.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build, type OutputFile, type Plugin } from 'esbuild';

export const DIST = join(import.meta.dirname, 'dist');

/** What the list of files says. */
export interface Assets {
  script: string;
  style: string;
}

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

/**
 * Loaded while the page runs: languages; code of the SDK that it loads when it is used, which the
 * page never does.
 */
const LOADED_LATER = /^\.\/(?:demo-\w+\.js|(?:admin|admin-answers|tabs)\.ts)$/;
/** Parts of the SDK that nothing here reaches. */
const UNUSED: Record<string, string> = {
  'state/members.ts': 'export class Members {}',
  'room-events.ts': 'export class EventsApi {}',
  // Browsers have FormData.
  'multipart.ts': 'export const multipart = () => ({});',
};

/** In one file with the rest: esbuild would wrap each module that it shares. */
const UPLOAD = "import('./upload.ts')";

const withoutUnused: Plugin = {
  name: 'without-unused',
  setup(one) {
    one.onResolve({ filter: LOADED_LATER }, ({ kind }) => (kind === 'dynamic-import' ? { external: true } : undefined));
    one.onLoad({ filter: /[\\/]packages[\\/]client[\\/]src[\\/]/ }, ({ path }) => {
      const name = path.replaceAll('\\', '/').replace(/^.*\/packages\/client\/src\//, '');
      const contents = UNUSED[name] ?? readFileSync(path, 'utf8');
      if (!contents.includes(UPLOAD)) return { contents, loader: 'ts' };
      return {
        contents: `import { upload as upload_ } from './upload.ts';${contents.replaceAll(UPLOAD, 'Promise.resolve({ upload: upload_ })')}`,
        loader: 'ts',
      };
    });
  },
};

async function bundled(entry: string, define: Record<string, string> = {}): Promise<[string, Uint8Array]> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, 'src', entry)],
    outdir: DIST,
    entryNames: 'demo-[hash]',
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    conditions: ['source'],
    define,
    plugins: [withoutUnused],
    legalComments: 'none',
    logLevel: 'silent',
    write: false,
  });
  const { path, contents } = outputFiles[0] as OutputFile;
  return [basename(path), contents];
}

/** Languages are files of their own, of which a visitor loads one. The script knows their names. */
export async function bundleDemo(): Promise<Built> {
  const style = await bundled('demo.css');
  const english = await bundled('texts/en.ts');
  const german = await bundled('texts/de.ts');
  const nameOf = ([name]: [string, Uint8Array]): string => JSON.stringify(`./${name}`);
  const script = await bundled('main.tsx', { ENGLISH: nameOf(english), GERMAN: nameOf(german) });
  return { files: new Map([script, style, english, german]), assets: { script: script[0], style: style[0] } };
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
