// One measurement: runs the load generator, and reads CPU time and memory of the servers.
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CpuTimes, cpuTimes, residentKib, used } from './proc.ts';
import type { System } from './systems/system.ts';
import type { LoadMessage, Result, Work } from './workload.ts';

export interface Measured extends Result {
  /** CPU time in µs per process. */
  cpu_us: Record<string, number>;
  /** Growth of the first node's resident memory in KiB. */
  grown_kib: number;
}

const FORGET_MS = 120_000;
/** Aftermath of connecting (presence, receipts), which does not belong to the workload. */
const SETTLE_MS = 1000;
const WITHOUT_CONNECTS: Work['kind'][] = ['still', 'rest', 'history', 'logins'];

export function measure(system: System, work: Work): Promise<Measured> {
  const child = fork(join(import.meta.dirname, 'load', 'main.ts'), { execArgv: ['--conditions=source'] });
  const memory = (): number => residentKib(system.pids()[system.firstNode] as number);
  let before: CpuTimes = {};
  let memoryBefore = 0;
  const begin = async (kill: boolean): Promise<void> => {
    await sleep(WITHOUT_CONNECTS.includes(work.kind) ? 0 : SETTLE_MS);
    memoryBefore = memory();
    if (kill) system.killFirst();
    before = cpuTimes(system.pids());
    child.send('go');
  };
  return new Promise<Measured>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`${system.name}: ${work.kind} did not end`)), FORGET_MS);
    child.on('exit', () => reject(new Error('the load generator ended')));
    child.on('message', (message: LoadMessage) => {
      if (message.type === 'begin') return void begin(message.kill === true).catch(reject);
      clearTimeout(late);
      if (message.type === 'failed') return reject(new Error(`${system.name}: ${work.kind}: ${message.reason}`));
      const after = cpuTimes(system.pids());
      resolve({ ...message.result, cpu_us: used(before, after), grown_kib: memory() - memoryBefore });
    });
    child.send({ place: system.place(), work });
  }).finally(async () => {
    child.removeAllListeners('exit');
    child.kill('SIGKILL');
    await system.ready();
  });
}
