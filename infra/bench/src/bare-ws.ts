// Starts the bare `ws` peer: two nodes and a Redis of its own.
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, redisCommand } from '@chatapi/local';
import { Redis } from 'ioredis';
import jwt from 'jsonwebtoken';
import { PEOPLE, type System } from './system.ts';

const ROOM = 'bench-room';

async function startNode(env: NodeJS.ProcessEnv): Promise<{ child: ChildProcess; url: string }> {
  const child = fork(join(import.meta.dirname, 'peers', 'bare-ws.ts'), { env: { ...process.env, ...env, PORT: '0' } });
  const [port] = await once(child, 'message');
  return { child, url: `http://127.0.0.1:${port}` };
}

export async function startBareWs(): Promise<System> {
  const secret = randomBytes(36).toString('base64url');
  const dir = mkdtempSync(join(tmpdir(), 'chatapi-bench-'));
  const port = await freePort();
  const command = redisCommand(dir, port, () => undefined);
  const redis = spawn(command.file, command.args, { env: command.env, stdio: 'ignore' });
  const url = `redis://127.0.0.1:${port}`;
  const ready = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
  ready.on('error', () => undefined);
  await ready.ping();
  ready.disconnect();
  const nodes = await Promise.all([1, 2].map(() => startNode({ SECRET: secret, REDIS: url, ROOM })));
  const people = Array.from({ length: PEOPLE }, (_, i) => {
    const id = `usr_${i}`;
    return { id, token: jwt.sign({ sub: id }, secret, { algorithm: 'HS256', expiresIn: 3600 }) };
  });
  const pids = { 'node-1': nodes[0]?.child.pid ?? 0, 'node-2': nodes[1]?.child.pid ?? 0, redis: redis.pid ?? 0 };
  return {
    name: 'bare-ws',
    place: { nodes: nodes.map((node) => node.url), people, room: ROOM },
    firstNode: 'node-1',
    pids: () => pids,
    stop: async () => {
      for (const child of [...nodes.map((node) => node.child), redis]) {
        if (child.exitCode !== null) continue;
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
