// Supervises a process: restarts it when it dies, with increasing delays. Does not check whether it
// works.
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';

export interface Command {
  file: string;
  args: string[];
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** For Node services: an IPC channel whose end tells them that the runner is gone. */
  ipc?: boolean;
  /** Signal that stops the process; default SIGTERM. */
  stopSignal?: NodeJS.Signals;
}

export interface Supervised {
  readonly name: string;
  pid(): number | undefined;
  /**
   * Stops the process, kills it after `graceMs` and does not restart it.
   *
   * @returns how it ended, as `restart`.
   */
  stop(graceMs: number): Promise<string>;
  /**
   * Stops the process, kills it after `graceMs` and starts it again at once, with `next` if given.
   *
   * @returns how it ended: `exit code 0`, `SIGKILL`, or `not running`.
   */
  restart(graceMs: number, next?: Command): Promise<string>;
}

export interface Watcher {
  started(name: string, pid: number): void;
  died(name: string, how: string, lastLines: string): void;
}

/**
 * For programs without an IPC channel: on Linux the kernel signals them when the runner ends, for
 * any reason.
 */
export function killedWithParent<C extends Pick<Command, 'file' | 'args'>>(
  { file, args, ...rest }: C,
  signal: 'INT' | 'TERM',
) {
  if (process.platform !== 'linux') return { file, args, ...rest };
  return { ...rest, file: 'setpriv', args: ['--pdeathsig', signal, '--', file, ...args] };
}

const MIN_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 5000;
const STABLE_MS = 10_000;

/** Delay in ms before start number `failures + 1`. */
export const backoffMs = (failures: number): number =>
  Math.min(MIN_BACKOFF_MS * 2 ** Math.max(0, failures - 1), MAX_BACKOFF_MS);

function lastLines(file: string, count: number): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count).join('\n');
  } catch {
    return '';
  }
}

export function supervise(name: string, first: Command, logFile: string, watcher: Watcher): Supervised {
  let command = first;
  let child: ChildProcess | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopping = false;
  let restarted: ((how: string) => void) | undefined;
  let failures = 0;

  function start(): void {
    const log = openSync(logFile, 'a', 0o600);
    const stdio: SpawnOptions['stdio'] = command.ipc ? ['ignore', log, log, 'ipc'] : ['ignore', log, log];
    // In its own session, so that Ctrl-C reaches only the runner, which stops everything in order.
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
      if (restarted !== undefined) {
        start();
        restarted(how);
        restarted = undefined;
        return;
      }
      failures = Date.now() - startedAt > STABLE_MS ? 1 : failures + 1;
      watcher.died(name, how, lastLines(logFile, 3));
      timer = setTimeout(start, backoffMs(failures));
    };
    process.once('error', (error) => onEnd(error.message));
    process.once('exit', (code, signal) => onEnd(signal ?? `exit code ${code}`));
    if (process.pid !== undefined) watcher.started(name, process.pid);
  }

  function end(running: ChildProcess, graceMs: number): void {
    const cut = setTimeout(() => running.kill('SIGKILL'), graceMs);
    running.once('exit', () => clearTimeout(cut));
    running.kill(command.stopSignal ?? 'SIGTERM');
    running.kill('SIGCONT');
  }

  start();
  return {
    name,
    pid: () => child?.pid,
    stop: (graceMs) =>
      new Promise((resolve) => {
        stopping = true;
        clearTimeout(timer);
        if (child === undefined) return resolve('not running');
        child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
        end(child, graceMs);
      }),
    restart: (graceMs, next) =>
      new Promise((resolve) => {
        const running = child;
        clearTimeout(timer);
        failures = 0;
        if (running !== undefined) {
          restarted = resolve;
          end(running, graceMs);
          command = next ?? command;
          return;
        }
        command = next ?? command;
        start();
        resolve('not running');
      }),
  };
}
