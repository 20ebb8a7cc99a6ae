// A process of a reference server on its own port, restarted at once when it dies.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { freePort } from '@chatapi/local';

export interface ServerProcess {
  url: string;
  pid(): number;
  kill(): void;
  ready(): Promise<unknown>;
  stop(): Promise<void>;
}

const PROGRAMS = join(import.meta.dirname, '..', 'peers');

export async function startServer(program: string, env: NodeJS.ProcessEnv): Promise<ServerProcess> {
  const port = await freePort();
  let stopping = false;
  const start = (): { child: ChildProcess; listening: Promise<unknown> } => {
    const child = fork(join(PROGRAMS, program), {
      execArgv: [],
      env: { ...process.env, ...env, NODE_ENV: 'production', PORT: String(port) },
    });
    child.once('exit', () => {
      if (!stopping) running = start();
    });
    return { child, listening: once(child, 'message') };
  };
  let running = start();
  await running.listening;
  return {
    url: `http://127.0.0.1:${port}`,
    pid: () => running.child.pid ?? 0,
    kill: () => void running.child.kill('SIGKILL'),
    ready: () => running.listening,
    stop: async () => {
      stopping = true;
      const { child } = running;
      if (child.exitCode !== null || !child.kill('SIGTERM')) return;
      await once(child, 'exit');
    },
  };
}
