// The Python SDK against a real cluster: its scenarios with both clients, the samples of its README, the example bot.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { python, REPO } from '@chatapi/local';
import { expect } from 'chai';
import { ADMIN, dispose, ownCluster, type TestCluster } from './cluster.ts';

const PACKAGE = join(REPO, 'packages', 'client-python');
const JWT_SECRET_KEY = 'known-to-the-scenarios-so-that-tokens-can-end-early';
const SUITES = ['test_scenarios.WithAsyncClient', 'test_scenarios.WithSyncClient', 'test_samples'];

function unittest(suite: string, dataDir: string): Promise<{ code: number | null; output: string }> {
  const { file, env } = python();
  const child = spawn(file, ['-m', 'unittest', `live.${suite}`], {
    cwd: PACKAGE,
    env: {
      ...env,
      CHATAPI_CLUSTER: join(dataDir, 'cluster.json'),
      CHATAPI_ADMIN: `${ADMIN.username}:${ADMIN.password}`,
      CHATAPI_JWT_SECRET: JWT_SECRET_KEY,
    },
  });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output })));
}

describe('the Python SDK', function () {
  this.timeout(420_000);
  let own: TestCluster;
  // Side by side: what one of them breaks, the others must bear.
  let runs: Map<string, ReturnType<typeof unittest>>;

  before(async () => {
    own = await ownCluster({ JWT_SECRET_KEY, ALLOWED_FILE_TYPES: '.jpg,.png,.pdf,.txt' });
    runs = new Map(SUITES.map((suite) => [suite, unittest(suite, own.dataDir)]));
  });
  after(() => dispose(own));

  for (const suite of SUITES) {
    it(`passes ${suite}`, async () => {
      const { code, output } = (await runs.get(suite)) as { code: number; output: string };
      expect(code, output).to.equal(0);
    });
  }
});
