// The workspace as the architecture checks read it: members, files, imports. Reads text, because
// TypeScript 7 has no JavaScript API and files may be half written.
import { existsSync, globSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const REPO = resolve(import.meta.dirname, '..', '..');

export type Kind = 'packages' | 'apps' | 'services' | 'infra';

interface Manifest {
  name: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
}

export interface Member {
  kind: Kind;
  /** `services/auth` */
  dir: string;
  manifest: Manifest;
}

const readJson = <T>(path: string): T => JSON.parse(readFileSync(path, 'utf8')) as T;

export function members(root: string): Member[] {
  const found: Member[] = [];
  for (const kind of ['packages', 'apps', 'services', 'infra'] as const) {
    if (!existsSync(join(root, kind))) continue;
    for (const name of readdirSync(join(root, kind)).sort()) {
      const manifest = join(root, kind, name, 'package.json');
      if (existsSync(manifest)) found.push({ kind, dir: `${kind}/${name}`, manifest: readJson<Manifest>(manifest) });
    }
  }
  return found;
}

const SKIPPED = new Set(['node_modules', 'dist', 'coverage', '.data', '.cache']);
const skip = (path: string): boolean => path.split('/').some((part) => SKIPPED.has(part));

/**
 * Files below `dir` that match, relative to `root`, without build output and installed packages.
 */
export const filesBelow = (root: string, dir: string, pattern = '**/*.{ts,tsx,mjs}'): string[] =>
  globSync(`${dir}/${pattern}`, { cwd: root, exclude: skip })
    .filter((path) => !skip(path) && statSync(join(root, path)).isFile())
    .sort();

export const read = (root: string, path: string): string => readFileSync(join(root, path), 'utf8');

/** Removes whole-line comments, which may mention SQL or the environment. */
export const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');

export interface Import {
  specifier: string;
  typeOnly: boolean;
}

const STATIC = /^(?:import|export)\s+(type\s)?(?:[^;'"]*?\sfrom\s+)?['"]([^'"]+)['"]/gm;
const DYNAMIC = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;

export function importsOf(text: string): Import[] {
  const found: Import[] = [];
  for (const [, type, specifier] of text.matchAll(STATIC))
    found.push({ specifier: specifier as string, typeOnly: type !== undefined });
  for (const [, specifier] of text.matchAll(DYNAMIC)) found.push({ specifier: specifier as string, typeOnly: false });
  return found;
}

/** `@scope/name/deep` → `@scope/name` */
export const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
