// Owns: one measurement: the generator's process, and the servers' CPU time and memory around it.
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuTimes, residentKib } from './proc.ts';
import type { System } from './system.ts';
import type { Result, Told, Work } from './work.ts';

export interface Measured extends Result {
  /** CPU time in µs by process. */
  cpu_us: Record<string, number>;
  /** Growth of the first node's resident memory in KiB. */
  grown_kib: number;
}

const FORGET_MS = 120_000;
/** What the connects leave behind (presence, receipts) is not the work's. */
const SETTLE_MS = 1500;

export function measure(system: System, work: Work): Promise<Measured> {
  const child = fork(join(import.meta.dirname, 'load', 'main.ts'), { execArgv: ['--conditions=source'] });
  const node = system.pids()[system.firstNode] as number;
  let before: Record<string, number> = {};
  let memory = 0;
  return new Promise<Measured>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`${system.name}: ${work.kind} did not end`)), FORGET_MS);
    child.on('exit', () => reject(new Error('the load generator ended')));
    child.on('message', async (message: Told) => {
      if (message.told === 'begin') {
        await sleep(SETTLE_MS);
        before = cpuTimes(system.pids());
        memory = residentKib(node);
        child.send('go');
        return;
      }
      clearTimeout(late);
      if (message.told === 'failed') return reject(new Error(`${system.name}: ${work.kind}: ${message.reason}`));
      const after = cpuTimes(system.pids());
      const cpu_us = Object.fromEntries(
        Object.keys(after).map((name) => [name, (after[name] ?? 0) - (before[name] ?? 0)]),
      );
      resolve({ ...message.result, cpu_us, grown_kib: residentKib(node) - memory });
    });
    child.send({ place: system.place, work });
  }).finally(() => {
    child.removeAllListeners('exit');
    child.kill('SIGKILL');
  });
}
