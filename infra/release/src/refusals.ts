// Why a commit cannot be released.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { output } from './command.ts';
import { versionFaults, versionOf } from './version.ts';

export const tagOf = (version: string): string => `v${version}`;

/** Versions that have a tag. */
export const releasedVersions = (root: string): string[] =>
  output(['git', 'tag', '--list', 'v*'], { cwd: root })
    .split('\n')
    .map((tag) => tag.slice(1))
    .filter((version) => /^\d+\.\d+\.\d+$/.test(version));

function changelogHas(root: string, version: string): boolean {
  const file = join(root, 'CHANGELOG.md');
  return existsSync(file) && readFileSync(file, 'utf8').split('\n').includes(`## ${version}`);
}

const pendingChangesets = (root: string): string[] =>
  globSync('.changeset/*.md', { cwd: root }).filter((file) => !file.endsWith('README.md'));

/** Empty: the commit can be released. */
export function refusals(root: string): string[] {
  const version = versionOf(root);
  const changed = output(['git', 'status', '--porcelain'], { cwd: root });
  const pending = pendingChangesets(root);
  const found: string[] = [];
  if (!/^\d+\.\d+\.\d+$/.test(version)) found.push(`package.json: ${version} is not of the form 1.2.3`);
  if (changed !== '') found.push(`the working tree has changes:\n${changed}`);
  if (releasedVersions(root).includes(version)) found.push(`the tag ${tagOf(version)} exists`);
  if (!changelogHas(root, version)) found.push(`CHANGELOG.md has no "## ${version}"`);
  if (pending.length > 0) found.push(`${pending.join(', ')} not applied: npm run release -- version`);
  return [...found, ...versionFaults(root)];
}
