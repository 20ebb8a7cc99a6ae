// Owns: the one cluster that the tests of a run share: two doors, two nodes, two message instances, limits off.
// Tests that need other settings, or that kill, start their own with `ownCluster`.
import { rmSync } from 'node:fs';
import { type Cluster, startCluster, urlOf } from '@chatapi/local';

export type TestCluster = Cluster & { dataDir: string };

export const ADMIN = { username: 'chief', email: 'chief@example.com', password: 'quiet-harbour-lamp-41' };

const BASE: NodeJS.ProcessEnv = {
  LOG_LEVEL: 'warn',
  BCRYPT_COST: '4',
  DRAIN_MS: '100',
  RATE_LIMIT_REQUESTS: '0',
  RATE_LIMIT_LOGIN: '0',
  RATE_LIMIT_UPLOADS: '0',
  RATE_LIMIT_WS_MESSAGES: '0',
  ADMIN_USERNAME: ADMIN.username,
  ADMIN_EMAIL: ADMIN.email,
  ADMIN_PASSWORD: ADMIN.password,
};

const start = (env: NodeJS.ProcessEnv, dataDir?: string): Promise<TestCluster> =>
  startCluster({ dataDir, env: { ...BASE, ...env } });

/** Without coverage: it costs each start and stop more than the cluster does, and the shared one passes where these do. */
export const ownCluster = (env: NodeJS.ProcessEnv = {}, dataDir?: string): Promise<TestCluster> =>
  start({ NODE_V8_COVERAGE: '', ...env }, dataDir);

export async function dispose(own: TestCluster | undefined): Promise<void> {
  await own?.stop();
  if (own !== undefined) rmSync(own.dataDir, { recursive: true, force: true });
}

const urlsOf = (of: Cluster, dir: string): string[] => of.instances.filter((i) => i.dir === dir).map(urlOf);

/** Addresses of the gateways (one or two) and of the realtime nodes. */
export const doorsOf = (of: Cluster): string[] => urlsOf(of, 'api-gateway');
export const nodesOf = (of: Cluster): string[] => urlsOf(of, 'realtime-gateway');

let shared: TestCluster | undefined;

export function cluster(): TestCluster {
  if (shared === undefined) throw new Error('the cluster is there only while tests run');
  return shared;
}

/** The first gateway. */
export const door = (): string => doorsOf(cluster())[0] as string;
export const doors = (): string[] => doorsOf(cluster());
export const nodes = (): [string, string] => nodesOf(cluster()) as [string, string];

// Outside of any suite these are hooks of the whole run, however many files import this one.
before(async function () {
  this.timeout(90_000);
  shared = await start({
    GATEWAY_INSTANCES: '2',
    MESSAGE_INSTANCES: '2',
    ALLOWED_FILE_TYPES: '.jpg,.png,.pdf,.txt',
    ALLOWED_ORIGINS: 'http://localhost:3000',
    MAX_FILE_SIZE: '1048576',
  });
});

after(async function () {
  this.timeout(20_000);
  await dispose(shared);
});
