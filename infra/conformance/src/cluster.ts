// Owns: the cluster that the scenarios of a run share: two realtime nodes, limits off. `ownCluster`: one with other settings.
import { rmSync } from 'node:fs';
import { type Cluster, startCluster } from '@chatapi/local';
import { JWT_SECRET_KEY } from './tokens.ts';

export type TestCluster = Cluster & { dataDir: string };

export const ADMIN = { username: 'chief', email: 'chief@example.com', password: 'quiet-harbour-lamp-41' };

const ENV: NodeJS.ProcessEnv = {
  LOG_LEVEL: 'warn',
  BCRYPT_COST: '4',
  DRAIN_MS: '100',
  REALTIME_NODES: '2',
  RATE_LIMIT_REQUESTS: '0',
  RATE_LIMIT_LOGIN: '0',
  RATE_LIMIT_UPLOADS: '0',
  RATE_LIMIT_WS_MESSAGES: '0',
  ALLOWED_FILE_TYPES: '.jpg,.png,.pdf,.txt',
  ADMIN_USERNAME: ADMIN.username,
  ADMIN_EMAIL: ADMIN.email,
  ADMIN_PASSWORD: ADMIN.password,
  JWT_SECRET_KEY,
};

export const ownCluster = (env: NodeJS.ProcessEnv = {}): Promise<TestCluster> =>
  startCluster({ env: { ...ENV, ...env } });

export async function dispose(own: TestCluster | undefined): Promise<void> {
  await own?.stop();
  if (own !== undefined) rmSync(own.dataDir, { recursive: true, force: true });
}

let shared: TestCluster | undefined;

export function cluster(): TestCluster {
  if (shared === undefined) throw new Error('the cluster is there only while tests run');
  return shared;
}

// Outside of any suite these are hooks of the whole run, however many files import this one.
before(async function () {
  this.timeout(90_000);
  shared = await ownCluster();
});

after(async function () {
  this.timeout(20_000);
  await dispose(shared);
});
