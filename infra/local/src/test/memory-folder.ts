// Where tests have their temporary files: in memory if the machine has the room. A cluster's data
// are some 1,900 files, and a disk's file system takes a second of CPU to make them.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Linux mounts it for POSIX shared memory. Containers have 64 MB by default. */
const MEMORY = '/dev/shm';
const PREFIX = 'chatapi-tests-';
/** A whole run takes a third at most. */
const NEEDED = 8 * 2 ** 30;

/** Bytes that processes can get without swapping. */
function available(): number {
  const kib = /^MemAvailable:\s+(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
  return Number(kib ?? 0) * 1024;
}

function hasRoom(): boolean {
  if (process.platform !== 'linux' || !existsSync(MEMORY)) return false;
  const { bavail, bsize } = statfsSync(MEMORY);
  return bavail * bsize >= NEEDED && available() >= NEEDED;
}

/** Some mounts have `noexec`, and tests install programs. */
function mayExecute(folder: string): boolean {
  const file = join(folder, 'true.sh');
  writeFileSync(file, '#!/bin/sh\n', { mode: 0o700 });
  try {
    execFileSync(file);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(file);
  }
}

/** A killed run may have had the number of this process. */
const isOtherRun = (pid: number): boolean => pid !== process.pid && existsSync(`/proc/${pid}`);

/** What killed runs left. */
function removeAbandoned(): void {
  const left = readdirSync(MEMORY).filter((name) => name.startsWith(PREFIX));
  for (const name of left.filter((one) => !isOtherRun(Number(one.slice(PREFIX.length)))))
    rmSync(join(MEMORY, name), { recursive: true, force: true });
}

/** A folder for temporary files of this process and its children; removed when the process ends. */
export function temporaryFolder(): string {
  if (!hasRoom()) return tmpdir();
  removeAbandoned();
  const folder = join(MEMORY, `${PREFIX}${process.pid}`);
  // PostgreSQL runs as another user.
  mkdirSync(folder, { mode: 0o755 });
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  if (!mayExecute(folder)) {
    remove();
    return tmpdir();
  }
  process.once('exit', remove);
  return folder;
}
