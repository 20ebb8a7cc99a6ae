// Samples of the documents, with the address and the admin of the test.
import { execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { python, REPO } from '@chatapi/local';

interface Sample {
  language: string;
  code: string;
}

/** The fenced samples of a document, in order. */
export const samplesIn = (file: string): Sample[] =>
  [...readFileSync(join(REPO, file), 'utf8').matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language, code]) => ({
    language: language as string,
    code: code as string,
  }));

/** The samples of this language. */
export const samplesOf = (file: string, language: string): string[] =>
  samplesIn(file)
    .filter((sample) => sample.language === language)
    .map(({ code }) => code);

export const adminAs = (code: string, url: string, admin: { username: string; password: string }): string =>
  code
    .replaceAll('http://localhost:8000', url)
    .replaceAll('"username_or_email":"admin","password":"…"', () =>
      JSON.stringify({ username_or_email: admin.username, password: admin.password }).slice(1, -1),
    );

const PLACE = join(REPO, 'infra', 'e2e');

interface Program {
  file: string;
  args: string[];
  env: NodeJS.ProcessEnv;
}

function programOf(language: string, code: string): Program {
  if (language === 'python') {
    const { file, env } = python();
    return { file, args: ['-c', code], env };
  }
  const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}` };
  if (language === 'sh') return { file: 'bash', args: ['-euo', 'pipefail', '-c', code], env };
  const args = ['--conditions=source', '--input-type=module', '--eval', code];
  return { file: process.execPath, args, env };
}

const LIMIT_MS = 60_000;

/** @returns what it printed. @throws Error if it ends with another code than 0. */
export function run(language: string, code: string, more: NodeJS.ProcessEnv = {}): Promise<string> {
  const { file, args, env } = programOf(language, code);
  return new Promise((resolve, reject) =>
    execFile(file, args, { cwd: PLACE, env: { ...env, ...more }, timeout: LIMIT_MS }, (error, stdout, stderr) =>
      error === null ? resolve(stdout) : reject(new Error(`${error.message}\n${stdout}${stderr}`)),
    ),
  );
}

export interface Running {
  printed(): string;
  stop(): Promise<void>;
}

/** A program that runs until it is stopped, with all that it has started. */
export function start(language: string, code: string, more: NodeJS.ProcessEnv = {}): Running {
  const { file, args, env } = programOf(language, code);
  const child = spawn(file, args, { cwd: PLACE, env: { ...env, ...more }, detached: true });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (printed += chunk));
  const closed = new Promise<void>((resolve) => child.on('close', () => resolve()));
  return {
    printed: () => printed,
    stop: async () => {
      // The whole group, which `detached` makes.
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
      await closed;
    },
  };
}
