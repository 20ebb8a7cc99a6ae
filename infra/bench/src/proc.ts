// Owns: what the kernel has charged to processes: CPU time with children, and memory.
import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts in ticks of 1/100 s on every architecture that Node runs on. */
const US_PER_TICK = 10_000;

interface Stat {
  parent: number;
  /** Own time and that of children that have ended, in µs. */
  cpu_us: number;
}

function stat(pid: number | string): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command's name may hold blanks and brackets: fields are counted behind its last bracket.
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [utime = 0, stime = 0, cutime = 0, cstime = 0] = fields.slice(11, 15);
    return { parent: fields[1] ?? 0, cpu_us: (utime + stime + cutime + cstime) * US_PER_TICK };
  } catch {
    return undefined;
  }
}

/** CPU time in µs of every named process and all below it (PostgreSQL's backends). */
export function cpuTimes(pids: Record<string, number>): Record<string, number> {
  const all = new Map<number, Stat>();
  for (const name of readdirSync('/proc')) {
    const one = /^\d+$/.test(name) ? stat(name) : undefined;
    if (one !== undefined) all.set(Number(name), one);
  }
  const total = (pid: number): number => {
    let sum = all.get(pid)?.cpu_us ?? 0;
    for (const [child, { parent }] of all) if (parent === pid) sum += total(child);
    return sum;
  };
  return Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, total(pid)]));
}

/** Resident memory in KiB. */
export function residentKib(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1] ?? 0);
}
