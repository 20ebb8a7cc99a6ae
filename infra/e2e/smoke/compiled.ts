// Smoke test of the compiled build: it boots and delivers a message from one node's socket to the
// other's. Run by `npm test` after `tsc -b`.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { type Cluster, startCluster, urlOf } from '@chatapi/local';

interface Account {
  access_token: string;
  user: { id: string };
}

const register = async (cluster: Cluster, username: string): Promise<Account> => {
  const answer = await fetch(`${cluster.url}/users/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username, email: `${username}@example.com`, password: 'a long enough phrase 7' }),
  });
  assert.equal(answer.status, 201);
  return (await answer.json()) as Account;
};

type Frame = Record<string, unknown>;

function connect(
  url: string,
  { access_token }: Account,
): { socket: WebSocket; next: (type: string) => Promise<Frame> } {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/ws/me?token=${access_token}`);
  const frames: Frame[] = [];
  socket.onmessage = ({ data }) => frames.push(JSON.parse(String(data)) as Frame);
  const next = async (type: string): Promise<Frame> => {
    for (let i = 0; i < 200; i++) {
      const found = frames.find((frame) => frame.type === type);
      if (found !== undefined) return found;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error(`no frame ${type}; got ${JSON.stringify(frames)}`);
  };
  return { socket, next };
}

const cluster = await startCluster({ env: { CHATAPI_COMPILED: '1', LOG_LEVEL: 'warn', BCRYPT_COST: '4' } });
try {
  const [one, two] = cluster.instances.filter(({ dir }) => dir === 'realtime-gateway').map(urlOf) as [string, string];
  const [ann, bob] = [await register(cluster, 'ann'), await register(cluster, 'bob')];
  const [a, b] = [connect(one, ann), connect(two, bob)];
  await Promise.all([a.next('hello'), b.next('hello')]);
  a.socket.send(
    JSON.stringify({ message: 'from the compiled build', recipient_id: bob.user.id, client_id: 'smoke-1' }),
  );
  assert.equal((await a.next('ack')).client_id, 'smoke-1');
  assert.equal((await b.next('message')).content, 'from the compiled build');
  a.socket.close();
  b.socket.close();
  process.stdout.write('the compiled build works\n');
} finally {
  await cluster.stop();
  rmSync(cluster.dataDir, { recursive: true, force: true });
}
