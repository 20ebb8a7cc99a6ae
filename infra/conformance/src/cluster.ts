// The shared clusters of the scenarios: one with two realtime nodes and without limits, and one
// with narrow limits.
import { rmSync } from 'node:fs';
import { type Cluster, startCluster } from '@chatapi/local';
import { ADMIN } from './admin-account.ts';
import { JWT_SECRET_KEY } from './tokens.ts';

export type TestCluster = Cluster & { dataDir: string };

const ENV: NodeJS.ProcessEnv = {
  LOG_LEVEL: 'warn',
  BCRYPT_COST: '4',
  DRAIN_MS: '100',
  REALTIME_NODES: '2',
  RATE_LIMIT_REQUESTS: '0',
  RATE_LIMIT_LOGIN: '0',
  RATE_LIMIT_LOGIN_ADDRESS: '0',
  RATE_LIMIT_REGISTRATIONS: '0',
  RATE_LIMIT_WS_FRAMES: '0',
  RATE_LIMIT_UPGRADES: '0',
  RATE_LIMIT_UPLOADS: '0',
  RATE_LIMIT_WS_MESSAGES: '0',
  ALLOWED_FILE_TYPES: '.jpg,.png,.pdf,.txt',
  ADMIN_USERNAME: ADMIN.username,
  ADMIN_EMAIL: ADMIN.email,
  ADMIN_PASSWORD: ADMIN.password,
  JWT_SECRET_KEY,
};

/** Limits for scenarios that wait for a rate limit or for the log to expire. */
export const NARROW = { requests: 20, windowSeconds: 2, messages: 60, frames: 300, logSeconds: 2 };
const DAY_SECONDS = 86_400;

const start = (env: NodeJS.ProcessEnv = {}): Promise<TestCluster> =>
  startCluster({ bundled: true, env: { ...ENV, ...env } });

async function dispose(own: TestCluster | undefined): Promise<void> {
  await own?.stop();
  if (own !== undefined) rmSync(own.dataDir, { recursive: true, force: true });
}

let shared: TestCluster | undefined;
let narrow: Promise<TestCluster> | undefined;

export function cluster(): TestCluster {
  if (shared === undefined) throw new Error('the cluster exists only while tests run');
  return shared;
}

export const narrowCluster = (): Promise<TestCluster> =>
  (narrow ??= start({
    REALTIME_NODES: '1',
    RATE_LIMIT_REQUESTS: String(NARROW.requests),
    RATE_LIMIT_WINDOW: String(NARROW.windowSeconds),
    RATE_LIMIT_WS_MESSAGES: String(NARROW.messages),
    RATE_LIMIT_WS_FRAMES: String(NARROW.frames),
    LOG_RETENTION_DAYS: String(NARROW.logSeconds / DAY_SECONDS),
  }));

// Outside any suite these are hooks of the whole run, however many files import this one.
before(async function () {
  this.timeout(90_000);
  shared = await start();
});

after(async function () {
  this.timeout(30_000);
  await Promise.all([dispose(shared), dispose(await narrow)]);
});
