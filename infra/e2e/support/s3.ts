// An S3 server from npm as a process of its own, keeping its objects in a folder that tests can
// look into.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { freePort } from '@chatapi/local';

export interface S3 {
  /** What a cluster needs to keep its files there. */
  env: NodeJS.ProcessEnv;
  /** Names of the objects, whole or in parts. */
  objects(): string[];
  stop(): Promise<void>;
}

const BUCKET = 'chat';
const program = join(dirname(createRequire(import.meta.url).resolve('s3rver/package.json')), 'bin', 's3rver.js');

async function started(server: ChildProcess): Promise<void> {
  const gone = once(server, 'exit').then(() => Promise.reject(new Error('the S3 server ended')));
  await Promise.race([once(server.stdout as NodeJS.ReadableStream, 'data'), gone]);
}

export async function startS3(): Promise<S3> {
  const folder = mkdtempSync(join(tmpdir(), 'chatapi-s3-'));
  const port = await freePort();
  const options = ['-d', folder, '-a', '127.0.0.1', '-p', String(port), '--configure-bucket', BUCKET];
  const server = spawn(process.execPath, [program, ...options], { stdio: ['ignore', 'pipe', 'ignore'] });
  await started(server);
  server.stdout?.resume();
  return {
    env: {
      STORAGE_URL: `s3://${BUCKET}/files`,
      S3_ENDPOINT: `http://127.0.0.1:${port}`,
      AWS_ACCESS_KEY_ID: 'S3RVER',
      AWS_SECRET_ACCESS_KEY: 'S3RVER',
    },
    objects: () =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name.startsWith('file_'))
        .map(({ name }) => name),
    async stop() {
      const ended = once(server, 'exit');
      server.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
