// Rules for sources: where the environment and SQL may be used, length and names of files.
import { basename, dirname } from 'node:path';
import { filesBelow, read, withoutComments } from './tree.ts';

const PRODUCT = ['packages', 'apps', 'services'];
const isSource = (file: string): boolean => /^[^/]+\/[^/]+\/src\//.test(file);
const sources = (root: string): string[] => PRODUCT.flatMap((dir) => filesBelow(root, dir)).filter(isSource);

const ENVIRONMENT = /\bprocess\s*(?:\.\s*env\b|\[\s*['"]env['"])|from\s+['"](?:node:)?process['"]/;

export const environmentFaults = (root: string): string[] =>
  sources(root)
    .filter((file) => !/^services\/[^/]+\/src\/config\.ts$/.test(file))
    .filter((file) => ENVIRONMENT.test(withoutComments(read(root, file))))
    .map((file) => `${file}: process.env belongs in the service's config.ts`);

const SQL = [
  // A liveness probe uses no table.
  /\.raw\((?!\s*'select 1'\s*\))/,
  /\b(?:db|trx|knex|tx)\s*(?:<[^>()]*>)?\(\s*['"`]/,
  /\b(?:db|trx|knex|tx)\s*\.\s*(?:select|insert|from|into|table|with)\s*\(/,
  /['"`]\s*select\s[^'"`]*\sfrom\s/i,
  /['"`]\s*(?:insert\s+into|delete\s+from|update\s+\w+\s+set|truncate\s+table|alter\s+table)\s/i,
  /['"`]\s*(?:create\s+(?:unique\s+)?(?:table|index)|with\s+\w+(?:\s*\([^)]*\))?\s+as\s*\()/i,
];
/** kit's data/migrate.ts runs the migrations of all services; bus' migration.ts is one. */
const SQL_FILE =
  /-store\.ts$|\/migrations\/|^packages\/kit\/src\/data\/migrat(?:e|ion-lock)\.ts$|^packages\/kit\/src\/testing\/|^packages\/bus\/src\/migration\.ts$/;

export const sqlFaults = (root: string): string[] =>
  sources(root)
    .filter((file) => !SQL_FILE.test(file))
    .flatMap((file) => {
      const text = withoutComments(read(root, file));
      const found = SQL.map((pattern) => pattern.exec(text)?.[0]).find((match) => match !== undefined);
      return found === undefined
        ? []
        : [`${file}: SQL belongs in a *-store.ts or a migration: ${found.trim().slice(0, 60)}`];
    });

/** Any role may hold any advisory lock. kit's migrations pass over those of other roles. */
export const advisoryLockFaults = (root: string): string[] =>
  sources(root)
    .filter((file) => file !== 'packages/kit/src/data/migration-lock.ts')
    .filter((file) => /pg_(?:try_)?advisory/.test(withoutComments(read(root, file))))
    .map((file) => `${file}: lock a row or a table of the own schema instead`);

const VAGUE = /^(?:utils?|helpers?|common|libs?|misc|shared)$/i;
const everything = (root: string): string[] => [...PRODUCT, 'infra'].flatMap((dir) => filesBelow(root, dir));

export function nameFaults(root: string): string[] {
  const names = everything(root).flatMap((file) => [
    ...dirname(file).split('/'),
    basename(file).replace(/\.[^.]+$/, ''),
  ]);
  return [...new Set(names)].filter((name) => VAGUE.test(name)).map((name) => `"${name}" is too vague`);
}

export const MAX_LINES = 300;

export const lengthFaults = (root: string): string[] =>
  [...everything(root), ...filesBelow(root, 'packages', '**/*.py')]
    .map((file) => ({ file, lines: read(root, file).trimEnd().split('\n').length }))
    .filter(({ lines }) => lines > MAX_LINES)
    .map(({ file, lines }) => `${file}: ${lines} lines, at most ${MAX_LINES}`);
