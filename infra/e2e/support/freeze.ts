// A process that hangs: stopped with its children (PostgreSQL works in them), and let go on.
import { readdirSync, readFileSync } from 'node:fs';
import type { TestCluster } from './cluster.ts';

function childrenOf(pid: number): number[] {
  const parentOf = (id: string): number => {
    try {
      // The name before it may hold anything but ends with the last parenthesis.
      return Number(
        readFileSync(`/proc/${id}/stat`, 'utf8')
          .replace(/^.*\) \S /s, '')
          .split(' ')[0],
      );
    } catch {
      return 0;
    }
  };
  return readdirSync('/proc')
    .filter((id) => /^\d+$/.test(id) && parentOf(id) === pid)
    .map(Number);
}

/** @returns how to let it go on. */
export function freeze(own: TestCluster, name: string): () => void {
  const pid = own.pid(name);
  if (pid === undefined) throw new Error(`no process ${name}`);
  const all = [pid, ...childrenOf(pid)];
  for (const one of all) process.kill(one, 'SIGSTOP');
  return () => {
    for (const one of all.reverse()) process.kill(one, 'SIGCONT');
  };
}
