// A checkout of the previous release below `.cache`, installed with its own lockfile.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { REPO } from '@chatapi/local';

const FILE = join(import.meta.dirname, '..', 'previous-release');
const git = (...args: string[]): string => execFileSync('git', args, { cwd: REPO, encoding: 'utf8' }).trim();

/** The commit of the previous release, from the file `previous-release`. */
const previousCommit = (): string => readFileSync(FILE, 'utf8').trim().split('\n').at(-1) as string;

function install(root: string): void {
  const done = join(root, 'node_modules', '.chatapi-installed');
  if (existsSync(done)) return;
  const pnpm = join(REPO, '.cache', 'toolchain', 'node_modules', '.bin', 'pnpm');
  execFileSync(pnpm, ['install', '--frozen-lockfile', '--reporter=silent'], {
    cwd: root,
    env: { ...process.env, CI: 'true', PATH: `${dirname(process.execPath)}:${process.env.PATH}` },
    stdio: 'inherit',
  });
  writeFileSync(done, '');
}

/**
 * @returns the folder and the full commit hash.
 * @throws Error when the history does not reach back to it.
 */
export function previousRelease(asked?: string): { root: string; commit: string } {
  const commit = git('rev-parse', '--verify', `${asked ?? previousCommit()}^{commit}`);
  const root = join(REPO, '.cache', 'previous', commit);
  git('worktree', 'prune');
  if (!existsSync(join(root, 'package.json'))) git('worktree', 'add', '--force', '--detach', root, commit);
  install(root);
  return { root, commit };
}
