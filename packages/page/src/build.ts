// Builds an app of ours: one script and one style sheet, named by their contents, a file for each
// language, and the list of what the page loads first.
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build, type OutputFile, type Plugin } from 'esbuild';
import { writeFiles } from './write-files.ts';

/** What the list of files says. */
interface Assets {
  script: string;
  style: string;
}

export interface Built {
  /** Contents by name. */
  files: Map<string, Uint8Array>;
  assets: Assets;
}

export interface App {
  /** Its folder, with `src/main.tsx`, `src/<name>.css`, `src/texts/en.ts` and `src/texts/de.ts`. */
  dir: string;
  /** Its files begin with it. */
  name: string;
  /** Files of the SDK that it loads when they are used, which the page never does. */
  neverLoaded: string[];
  /** Files of the SDK that it loads when they are used, which are in the one script instead. */
  together: string[];
  /** Parts of the SDK that nothing of the page reaches, and what stands there instead. */
  unused: Record<string, string>;
}

/** Code that is loaded when it is used. In a file of its own, esbuild would wrap what it shares. */
function inOneFile(contents: string, together: string[]): string {
  return together.reduce((text, file, at) => {
    const later = ['import(', `'./${file}'`, ')'].join('');
    if (!text.includes(later)) return text;
    const first = ['import', '*', 'as', `later${at}`, 'from', `'./${file}';`].join(' ');
    return first + text.replaceAll(later, `Promise.resolve(later${at})`);
  }, contents);
}

const SDK = join(import.meta.dirname, '..', '..', 'client', 'src');

/** @throws Error for a file that the SDK does not have: it was renamed. */
function checkNames({ neverLoaded, together, unused }: App): void {
  for (const file of [...neverLoaded, ...together, ...Object.keys(unused)])
    if (!existsSync(join(SDK, file))) throw new Error(`the SDK has no file ${file}`);
}

const ofSdk = ({ name, neverLoaded, together, unused }: App): Plugin => ({
  name: 'of-the-sdk',
  setup(one) {
    const language = new RegExp(`^\\./${name}-\\w+\\.js$`);
    one.onResolve({ filter: /^\.\// }, ({ kind, path }) => {
      const isExternal = kind === 'dynamic-import' && (language.test(path) || neverLoaded.includes(path.slice(2)));
      return isExternal ? { external: true } : undefined;
    });
    one.onLoad({ filter: /[\\/]packages[\\/]client[\\/]src[\\/]/ }, ({ path }) => {
      const file = path.replaceAll('\\', '/').replace(/^.*\/packages\/client\/src\//, '');
      const contents = unused[file] ?? readFileSync(path, 'utf8');
      return { contents: inOneFile(contents, together), loader: 'ts' };
    });
  },
});

async function bundled(app: App, entry: string, define: Record<string, string> = {}): Promise<[string, Uint8Array]> {
  checkNames(app);
  const { outputFiles } = await build({
    entryPoints: [join(app.dir, 'src', entry)],
    outdir: join(app.dir, 'dist'),
    entryNames: `${app.name}-[hash]`,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    conditions: ['source'],
    define,
    plugins: [ofSdk(app)],
    legalComments: 'none',
    logLevel: 'silent',
    write: false,
  });
  const { path, contents } = outputFiles[0] as OutputFile;
  return [basename(path), contents];
}

/** Languages are files of their own, of which a visitor loads one. The script knows their names. */
export async function bundleApp(app: App): Promise<Built> {
  const style = await bundled(app, `${app.name}.css`);
  const english = await bundled(app, 'texts/en.ts');
  const german = await bundled(app, 'texts/de.ts');
  const nameOf = ([name]: [string, Uint8Array]): string => JSON.stringify(`./${name}`);
  const script = await bundled(app, 'main.tsx', { ENGLISH: nameOf(english), GERMAN: nameOf(german) });
  return { files: new Map([script, style, english, german]), assets: { script: script[0], style: style[0] } };
}

/** Writes it to the app's folder `dist`. */
export async function buildApp(app: App): Promise<void> {
  const { files, assets } = await bundleApp(app);
  const list: [string, string] = ['assets.json', JSON.stringify(assets)];
  writeFiles(join(app.dir, 'dist'), [...files, list], new RegExp(`^${app.name}-.*\\.(?:js|css)$`));
}
