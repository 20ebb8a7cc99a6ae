// Owns: the process in which bcrypt runs, and what was asked of it. When it dies that fails, and the next question starts another.
// Why a process: threads can't be put behind other processes where the kernel groups these by session.
import { type ChildProcess, fork } from 'node:child_process';
import { extname, join } from 'node:path';
import { unavailable } from '@chatapi/kit';
import { helperEnvironment } from './config.ts';
import type { Done, Order } from './hashing-main.ts';

export interface Hashing {
  /** @throws AppError SERVICE_UNAVAILABLE when the process dies meanwhile. */
  hash(password: string, cost: number): Promise<string>;
  compare(password: string, hash: string): Promise<boolean>;
  close(): void;
}

interface Running {
  child: ChildProcess;
  asked: Map<number, PromiseWithResolvers<any>>;
}

const MAIN = join(import.meta.dirname, `hashing-main${extname(import.meta.filename)}`);

export function openHashing(): Hashing {
  let running: Running | undefined;
  let count = 0;

  function start(): Running {
    const child = fork(MAIN, {
      // A session of its own is a group of its own to the scheduler.
      detached: true,
      env: helperEnvironment(),
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const started: Running = { child, asked: new Map() };
    const fail = (): void => {
      if (running === started) running = undefined;
      for (const { reject } of started.asked.values()) reject(unavailable('Password checking'));
      started.asked.clear();
    };
    child.on('message', ({ id, result }: Done) => {
      started.asked.get(id)?.resolve(result);
      started.asked.delete(id);
    });
    child.on('error', fail).once('exit', fail);
    child.unref();
    child.channel?.unref();
    return started;
  }

  const ask = <T>(order: Omit<Order, 'id'>): Promise<T> => {
    running ??= start();
    const answer = Promise.withResolvers<T>();
    const id = count++;
    running.asked.set(id, answer);
    running.child.send({ id, ...order } satisfies Order);
    return answer.promise;
  };

  return {
    hash: (password, cost) => ask({ password, against: cost }),
    compare: (password, hash) => ask({ password, against: hash }),
    close: () => running?.child.disconnect(),
  };
}
