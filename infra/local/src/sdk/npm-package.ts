// An npm package as `npm publish` would send it, without pnpm: images and users have none.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { tgz } from './tar.ts';

interface Manifest {
  name: string;
  version: string;
  files: string[];
  dependencies?: Record<string, string>;
  publishConfig?: { exports?: object };
  [key: string]: unknown;
}

export interface Packed {
  name: string;
  version: string;
  file: string;
  contents: Uint8Array;
}

function filesBelow(dir: string, path: string): string[] {
  if (!statSync(join(dir, path)).isDirectory()) return [path];
  return readdirSync(join(dir, path))
    .sort()
    .flatMap((name) => filesBelow(dir, `${path}/${name}`));
}

/** Without what only the workspace needs. Its own packages all have the same version. */
function published({ devDependencies: _, scripts: _s, publishConfig, ...manifest }: Manifest): Manifest {
  const { dependencies } = manifest;
  const pinned =
    dependencies &&
    Object.fromEntries(
      Object.entries(dependencies).map(([name, range]) => [
        name,
        range.startsWith('workspace:') ? manifest.version : range,
      ]),
    );
  const exports = publishConfig?.exports ?? manifest.exports;
  return { ...manifest, exports, ...(pinned === undefined ? {} : { dependencies: pinned }) };
}

/** @param dir of a package that is built. */
export function npmPackage(root: string, dir: string): Packed {
  const read = (path: string): Buffer => readFileSync(join(root, dir, path));
  const manifest = JSON.parse(read('package.json').toString()) as Manifest;
  const { name, version } = manifest;
  const files = new Map<string, Uint8Array>();
  files.set('package/package.json', Buffer.from(`${JSON.stringify(published(manifest), null, 2)}\n`));
  files.set('package/README.md', read('README.md'));
  files.set('package/LICENSE', readFileSync(join(root, 'LICENSE')));
  for (const path of manifest.files.flatMap((entry) => filesBelow(join(root, dir), entry)))
    files.set(`package/${path}`, read(path));
  const file = `${name.replace('@', '').replace('/', '-')}-${version}.tgz`;
  return { name, version, file, contents: tgz(files) };
}
