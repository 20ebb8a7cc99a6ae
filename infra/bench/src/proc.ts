// Owns: what the kernel has charged to processes: CPU time with children, and memory.
import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts in ticks of 1/100 s on every architecture that Node runs on. */
const US_PER_TICK = 10_000;

interface Stat {
  parent: number;
  /** Of children that have ended, in µs. */
  ended_us: number;
}

function stat(pid: string): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command's name may hold blanks and brackets: fields are counted behind its last bracket.
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [cutime = 0, cstime = 0] = fields.slice(13, 15);
    return { parent: fields[1] ?? 0, ended_us: (cutime + cstime) * US_PER_TICK };
  } catch {
    return undefined;
  }
}

/** Time on a CPU of all of a process' threads in µs: the scheduler's own count, a thousand times finer than ticks. */
function running(pid: number): number {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const ns = threads.map((id) => Number(readFileSync(`/proc/${pid}/task/${id}/schedstat`, 'utf8').split(' ')[0]));
    return ns.reduce((sum, value) => sum + value, 0) / 1000;
  } catch {
    return 0;
  }
}

interface Spent extends Stat {
  us: number;
}

/** A process and all below it, by process id. */
type Tree = Map<number, Spent>;

/** By name. */
export type CpuTimes = Record<string, { pid: number; tree: Tree }>;

/** Of every named process and all below it (PostgreSQL's backends). */
export function cpuTimes(pids: Record<string, number>): CpuTimes {
  const all = new Map<number, Stat>();
  for (const name of readdirSync('/proc')) {
    const one = /^\d+$/.test(name) ? stat(name) : undefined;
    if (one !== undefined) all.set(Number(name), one);
  }
  const below = (pid: number): [number, Spent][] => {
    const mine = { parent: 0, ended_us: 0, ...all.get(pid), us: running(pid) };
    const children = [...all].filter(([, { parent }]) => parent === pid).flatMap(([child]) => below(child));
    return [[pid, mine], ...children];
  };
  return Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, { pid, tree: new Map(below(pid)) }]));
}

function usedBy(before: Tree, after: Tree): number {
  const gone = [...before].filter(([pid]) => !after.has(pid)).map(([, spent]) => spent);
  let sum = 0;
  for (const [pid, now] of after) {
    const then = before.get(pid);
    sum += now.us - (then?.us ?? 0);
    // Of children that have ended there are ticks, not the scheduler's count: less, it may be, than they had used before.
    const had = gone.filter(({ parent }) => parent === pid).reduce((all, { us, ended_us }) => all + us + ended_us, 0);
    sum += Math.max(0, now.ended_us - (then?.ended_us ?? 0) - had);
  }
  return sum;
}

/** What each has used since, in µs; a process that was started in between, all that it has. */
export const used = (before: CpuTimes, after: CpuTimes): Record<string, number> =>
  Object.fromEntries(
    Object.entries(after).map(([name, { pid, tree }]) => {
      const then = before[name];
      return [name, usedBy(then?.pid === pid ? then.tree : new Map(), tree)];
    }),
  );

/** Resident memory in KiB; 0 of a process that is just being started again. */
export function residentKib(pid: number): number {
  try {
    const line = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return Number(line?.[1] ?? 0);
  } catch {
    return 0;
  }
}
