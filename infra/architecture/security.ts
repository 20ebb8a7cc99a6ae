// Checks that the tests named in SECURITY.md exist. The last column of its tables has the form
// `auth/login-limit: the sixth try …; e2e/scan (all)`.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { read } from './tree.ts';

const FOLDERS: Record<string, string> = {
  client: 'packages/client/test',
  kit: 'packages/kit/test',
  bus: 'packages/bus/test',
  architecture: 'infra/architecture',
  e2e: 'infra/e2e',
  gateway: 'services/api-gateway/test',
  realtime: 'services/realtime-gateway/test',
};

export interface Proof {
  /** Path from the root of the repository. */
  file: string;
  /** The parts of the title between the ellipses; empty: the whole file. */
  fragments: string[];
}

const fileOf = (named: string): string => {
  const [folder = '', ...rest] = named.split('/');
  return `${FOLDERS[folder] ?? `services/${folder}/test`}/${rest.join('/')}.test.ts`;
};

function proofsOfCell(cell: string): Proof[] {
  let file = '';
  return cell.split(';').flatMap((part) => {
    const [, named, title = ''] = /^\s*(?:([a-z0-9]+\/[a-z0-9/-]+)(?: \(all\))?(?::|\s*$))?(.*)$/.exec(part) ?? [];
    if (named !== undefined) file = fileOf(named);
    const fragments = title
      .split('…')
      .map((text) => text.trim())
      .filter((text) => text !== '');
    return [{ file, fragments }];
  });
}

export function proofsOf(markdown: string): Proof[] {
  const rows = markdown.split('\n').filter((line) => line.startsWith('| ') && !/^\|\s*(?:-|threat)/.test(line));
  return rows.flatMap((row) => proofsOfCell(row.split('|')[3] ?? ''));
}

/** Sources may escape quotes in titles, and contain parameters as `${…}`. */
const plain = (text: string): string => text.replaceAll('\\', '').replaceAll(/\s+/g, ' ');

/** @returns a message for each missing test. */
export function missingProofs(root: string): string[] {
  const proofs = proofsOf(read(root, 'SECURITY.md'));
  return proofs.flatMap(({ file, fragments }) => {
    if (file === '' || !existsSync(join(root, file))) return [`no file ${file || 'named'}: ${fragments.join(' … ')}`];
    const source = plain(read(root, file));
    return fragments.filter((text) => !source.includes(plain(text))).map((text) => `${file} has no test "${text}"`);
  });
}
