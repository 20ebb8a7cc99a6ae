// Rules for migrations beside traffic and the previous version: removals declare from which version
// they are safe, and indexes on existing tables are built without blocking writes.
import { filesBelow, read, withoutComments } from './tree.ts';

const DESTRUCTIVE =
  /\b(?:drop\s+(?:table|column|index(?!\s+concurrently)|function|constraint|schema|trigger)|rename\s+(?:to|column)|alter\s+column\s+\w+\s+(?:set\s+data\s+)?type|set\s+not\s+null|(?<=[;`'"]\s*)truncate)\b/i;
const CREATED = /\bcreate\s+table\s+(?:if\s+not\s+exists\s+)?(\w+)/gi;
const INDEXED = /\bcreate\s+(?:unique\s+)?index\s+(?!concurrently)(?:if\s+not\s+exists\s+)?\w+\s+on\s+(\w+)/gi;

/** Released before `contracts` existed; upgrades from those versions stop the old version first. */
const BEFORE_RULE = [
  'services/admin/src/migrations/004-audit-schema.ts',
  'services/file/src/migrations/002-scan.ts',
  'services/file/src/migrations/003-privacy.ts',
  'services/message/src/migrations/003-erasure.ts',
  'services/message/src/migrations/004-client-key.ts',
];

function faultsOf(file: string, text: string): string[] {
  const taken = DESTRUCTIVE.exec(text);
  const made = new Set([...text.matchAll(CREATED)].map(([, table]) => table));
  const blocking = [...text.matchAll(INDEXED)].map(([, table]) => table).filter((table) => !made.has(table));
  return [
    ...(taken !== null && !/\bcontracts:/.test(text)
      ? [`${file}: "${taken[0]}" needs \`contracts\`: the migration that code must know by then`]
      : []),
    ...blocking.map((table) => `${file}: an index of ${table} belongs into \`online\`, by createIndex`),
  ];
}

export const migrationFaults = (root: string): string[] =>
  [...filesBelow(root, 'services', '*/src/migrations/*.ts'), ...filesBelow(root, 'packages', 'bus/src/migration.ts')]
    .filter((file) => !BEFORE_RULE.includes(file))
    .flatMap((file) => faultsOf(file, withoutComments(read(root, file))));
