// A driver process and its protocol (PROTOCOL.md).
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Sdk } from './sdks.ts';

/** An error of the SDK. */
export class SdkError extends Error {
  readonly code: string;
  readonly status: number;
  readonly details: any;
  readonly retryable: boolean;
  readonly foreign: boolean;

  constructor(error: {
    code: string;
    message: string;
    status?: number;
    details?: unknown;
    retryable?: boolean;
    foreign?: boolean;
  }) {
    super(`${error.code}: ${error.message}`);
    this.code = error.code;
    this.status = error.status ?? 0;
    this.details = error.details;
    this.retryable = error.retryable ?? false;
    this.foreign = error.foreign ?? false;
  }
}

export interface Driver {
  kind: Sdk;
  call(command: string, args?: object): Promise<any>;
  /** Exceptions that no app code could catch. */
  uncaught: string[];
  /** Commands without an answer so far. */
  pending(): string[];
  /** Resident memory in KiB. */
  rss(): number;
  end(): Promise<void>;
}

export type TokenSource = (client: string) => string | Promise<string>;

interface Waiting {
  command: string;
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

const noTokens: TokenSource = (client) => {
  throw new Error(`${client} asked for a token`);
};

export function startDriver(kind: Sdk, tokenFor: TokenSource = noTokens): Driver {
  const { file, args, cwd, env } = kind.driver();
  const child = spawn(file, args, { cwd, env, stdio: ['pipe', 'pipe', 'pipe'] });
  const waiting = new Map<number, Waiting>();
  const uncaught: string[] = [];
  let number = 0;
  let errors = '';
  let ending = false;

  const write = (line: object): void => void child.stdin.write(`${JSON.stringify(line)}\n`);
  function take(line: any): void {
    if (line.uncaught !== undefined) uncaught.push(line.uncaught);
    else if (line.ask !== undefined)
      void Promise.resolve(tokenFor(line.client)).then((token) => write({ answer: line.ask, token }));
    else {
      const caller = waiting.get(line.id);
      waiting.delete(line.id);
      if (line.error === undefined) caller?.resolve(line.ok);
      else caller?.reject(new SdkError(line.error));
    }
  }

  createInterface({ input: child.stdout }).on('line', (text) => take(JSON.parse(text)));
  child.stderr.on('data', (chunk) => {
    errors = `${errors}${chunk}`.slice(-4000);
  });
  child.stdin.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => child.on('close', resolve));
  child.on('close', (code) => {
    const gone = new Error(`the driver ${kind.name} ended with ${code}: ${errors}`);
    if (!ending) uncaught.push(gone.message);
    for (const { reject } of waiting.values()) reject(gone);
    waiting.clear();
  });

  return {
    kind,
    uncaught,
    pending: () => [...waiting.values()].map(({ command }) => command),
    call: (command, args = {}) =>
      new Promise((resolve, reject) => {
        waiting.set(++number, { command: `${command} ${JSON.stringify(args)}`, resolve, reject });
        write({ id: number, do: command, ...args });
      }),
    rss: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]),
    end: async () => {
      ending = true;
      child.stdin.end();
      const hard = setTimeout(() => child.kill('SIGKILL'), 5000);
      await closed;
      clearTimeout(hard);
    },
  };
}
