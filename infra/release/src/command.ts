import { execFileSync } from 'node:child_process';
import { REPO } from '@chatapi/local';

/** The program and its arguments. */
export type Command = [file: string, ...args: string[]];

const quoted = (word: string): string => (/^[\w./:=@+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** As a person types it in a shell. */
export const written = (command: Command): string => command.map(quoted).join(' ');

export interface Options {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
}

/** @returns what the command prints. @throws Error with the same when it fails. */
export function output([file, ...args]: Command, { cwd = REPO, env = process.env }: Options = {}): string {
  try {
    return execFileSync(file, args, { cwd, env, encoding: 'utf8', stdio: 'pipe' }).trimEnd();
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as Error & { stdout?: string; stderr?: string };
    throw new Error(`${written([file, ...args])} failed:\n${`${stdout}${stderr}`.trimEnd() || message}`);
  }
}

/** @throws Error with the commands that are left when one fails. */
export function runInOrder(commands: Command[], run: (command: Command) => void): void {
  for (const [i, command] of commands.entries()) {
    try {
      run(command);
    } catch (error) {
      const left = commands.slice(i).map(written).join('\n  ');
      throw new Error(`${(error as Error).message}\nRemove the cause, then run what is left:\n  ${left}`);
    }
  }
}

/** Runs a command on this terminal. @throws Error when it fails. */
export function show([file, ...args]: Command): void {
  execFileSync(file, args, { cwd: REPO, stdio: 'inherit' });
}
