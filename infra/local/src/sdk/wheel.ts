// A Python wheel, without Python: of a package without compiled code it is a zip of its sources and
// what pyproject.toml says.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Packed } from './npm-package.ts';
import { zip } from './zip.ts';

/** The strings of `key = "…"` or `key = […]` at the start of a line. */
function stringsOf(toml: string, key: string): string[] {
  const found = new RegExp(`^${key} = (\\[[^\\]]*\\]|".*")$`, 'm').exec(toml)?.[1];
  if (found === undefined) throw new Error(`pyproject.toml has no ${key}`);
  return [...found.matchAll(/"([^"]*)"/g)].map(([, text]) => text as string);
}

const stringOf = (toml: string, key: string): string => stringsOf(toml, key)[0] as string;

function metadataOf(toml: string, readme: string): string {
  const urls = [...(toml.split('[project.urls]\n')[1]?.split('\n[')[0] ?? '').matchAll(/^(\w+) = "(.*)"$/gm)];
  return [
    'Metadata-Version: 2.1',
    `Name: ${stringOf(toml, 'name')}`,
    `Version: ${stringOf(toml, 'version')}`,
    `Summary: ${stringOf(toml, 'description')}`,
    'License: Apache-2.0',
    ...urls.map(([, label, url]) => `Project-URL: ${label}, ${url}`),
    ...stringsOf(toml, 'classifiers').map((text) => `Classifier: ${text}`),
    `Requires-Python: ${stringOf(toml, 'requires-python')}`,
    'Description-Content-Type: text/markdown',
    'License-File: LICENSE',
    ...stringsOf(toml, 'dependencies').map((text) => `Requires-Dist: ${text}`),
    '',
    readme,
  ].join('\n');
}

const WHEEL = 'Wheel-Version: 1.0\nGenerator: chatapi\nRoot-Is-Purelib: true\nTag: py3-none-any\n';

function recordOf(files: ReadonlyMap<string, Uint8Array>, own: string): string {
  const lines = [...files].map(([name, contents]) => {
    const hash = createHash('sha256').update(contents).digest('base64url');
    return `${name},sha256=${hash},${contents.length}`;
  });
  return [...lines, `${own},,`, ''].join('\n');
}

export function wheel(root: string, dir: string): Packed {
  const read = (path: string): Buffer => readFileSync(join(root, dir, path));
  const toml = read('pyproject.toml').toString();
  const [name, version] = [stringOf(toml, 'name'), stringOf(toml, 'version')];
  const files = new Map<string, Uint8Array>();
  const isSource = (file: string): boolean => /\.py$|^py\.typed$/.test(file);
  for (const file of readdirSync(join(root, dir, 'src', name), { recursive: true, encoding: 'utf8' }).sort())
    if (isSource(file)) files.set(`${name}/${file}`, read(`src/${name}/${file}`));
  const info = `${name}-${version}.dist-info`;
  files.set(`${info}/LICENSE`, readFileSync(join(root, 'LICENSE')));
  files.set(`${info}/METADATA`, Buffer.from(metadataOf(toml, read('README.md').toString())));
  files.set(`${info}/WHEEL`, Buffer.from(WHEEL));
  const record = `${info}/RECORD`;
  files.set(record, Buffer.from(recordOf(files, record)));
  return { name, version, file: `${name}-${version}-py3-none-any.whl`, contents: zip(files) };
}
