// CPU time with children, and memory of processes, as counted by the Linux kernel.
import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts ticks of 1/100 s on every architecture that Node supports. */
const US_PER_TICK = 10_000;

interface Stat {
  parent: number;
  /** CPU time of ended children, in µs. */
  ended_us: number;
}

function stat(pid: string): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command name may contain blanks and brackets, so fields are counted after the last
    // bracket.
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

/**
 * CPU time of all threads of a process in µs, from the scheduler: a thousand times finer than
 * ticks.
 */
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

/** A process and its descendants, by process id. */
type Tree = Map<number, Spent>;

/** CPU times by process name. */
export type CpuTimes = Record<string, { pid: number; tree: Tree }>;

/**
 * Reads the CPU times of all named processes and their descendants (such as PostgreSQL's backends).
 */
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
    // Ended children are counted in ticks, not by the scheduler; the sum may be less than before.
    const had = gone.filter(({ parent }) => parent === pid).reduce((all, { us, ended_us }) => all + us + ended_us, 0);
    sum += Math.max(0, now.ended_us - (then?.ended_us ?? 0) - had);
  }
  return sum;
}

/** CPU time in µs used since `before`; for a process started in between, all of its time. */
export const used = (before: CpuTimes, after: CpuTimes): Record<string, number> =>
  Object.fromEntries(
    Object.entries(after).map(([name, { pid, tree }]) => {
      const then = before[name];
      return [name, usedBy(then?.pid === pid ? then.tree : new Map(), tree)];
    }),
  );

/** Resident memory in KiB; 0 while a process is restarting. */
export function residentKib(pid: number): number {
  try {
    const line = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return Number(line?.[1] ?? 0);
  } catch {
    return 0;
  }
}
