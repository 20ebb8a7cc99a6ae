// Owns: one process that must run: started again when it dies, at once and then ever more slowly.
// Does not own: whether it works (frozen is not dead), or what it is.
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';

export interface Command {
  file: string;
  args: string[];
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Node services: a channel whose end tells them that we are gone. */
  ipc?: boolean;
  /** How to ask it to end; default SIGTERM. */
  stopSignal?: NodeJS.Signals;
}

export interface Supervised {
  readonly name: string;
  pid(): number | undefined;
  /** Asks to end, and kills what is left after `graceMs`. It is not started again. */
  stop(graceMs: number): Promise<void>;
}

export interface Watcher {
  started(name: string, pid: number): void;
  died(name: string, how: string, lastLines: string): void;
}

/** For programs that can't be told by a channel: on Linux the kernel signals them when the runner is gone, however it went. */
export function endingWithUs<C extends Pick<Command, 'file' | 'args'>>(
  { file, args, ...rest }: C,
  signal: 'INT' | 'TERM',
) {
  if (process.platform !== 'linux') return { file, args, ...rest };
  return { ...rest, file: 'setpriv', args: ['--pdeathsig', signal, '--', file, ...args] };
}

const FIRST_MS = 100;
const MOST_MS = 5000;
const STABLE_MS = 10_000;

/** Milliseconds to wait before start number `failures + 1`. */
export const backoffMs = (failures: number): number => Math.min(FIRST_MS * 2 ** Math.max(0, failures - 1), MOST_MS);

export function lastLines(file: string, count: number): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count).join('\n');
  } catch {
    return '';
  }
}

export function supervise(name: string, command: Command, logFile: string, watcher: Watcher): Supervised {
  let child: ChildProcess | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopping = false;
  let failures = 0;

  function start(): void {
    const log = openSync(logFile, 'a', 0o600);
    const stdio: SpawnOptions['stdio'] = command.ipc ? ['ignore', log, log, 'ipc'] : ['ignore', log, log];
    // A session of its own, so that Ctrl-C reaches only the runner, which then stops everything in order.
    const process = spawn(command.file, command.args, { env: command.env, cwd: command.cwd, stdio, detached: true });
    closeSync(log);
    const startedAt = Date.now();
    child = process;
    let ended = false;
    const onEnd = (how: string): void => {
      if (ended) return;
      ended = true;
      child = undefined;
      if (stopping) return;
      failures = Date.now() - startedAt > STABLE_MS ? 1 : failures + 1;
      watcher.died(name, how, lastLines(logFile, 3));
      timer = setTimeout(start, backoffMs(failures));
    };
    process.once('error', (error) => onEnd(error.message));
    process.once('exit', (code, signal) => onEnd(signal ?? `exit code ${code}`));
    if (process.pid !== undefined) watcher.started(name, process.pid);
  }

  start();
  return {
    name,
    pid: () => child?.pid,
    stop: (graceMs) =>
      new Promise((resolve) => {
        stopping = true;
        clearTimeout(timer);
        if (child === undefined) return resolve();
        const running = child;
        const cut = setTimeout(() => running.kill('SIGKILL'), graceMs);
        running.once('exit', () => {
          clearTimeout(cut);
          resolve();
        });
        running.kill(command.stopSignal ?? 'SIGTERM');
        running.kill('SIGCONT');
      }),
  };
}
