// Installs the project's Node, pnpm and packages on a machine that has only an old Node and npm,
// then runs the command. Plain JavaScript for Node 18, without dependencies.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NODE_VERSION = '24.21.0';
const PNPM_VERSION = '12.21.0';
const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const cache = join(root, '.cache', 'toolchain');
const COMMANDS = {
  start: join(root, 'infra', 'local', 'src', 'main.ts'),
  dev: join(root, 'infra', 'local', 'src', 'dev-command.ts'),
  compat: join(root, 'infra', 'compat', 'src', 'main.ts'),
  scale: join(root, 'infra', 'scale', 'src', 'main.ts'),
  release: join(root, 'infra', 'release', 'src', 'main.ts'),
  migrate: join(root, 'infra', 'local', 'src', 'migrate-command.ts'),
  test: join(root, 'infra', 'local', 'src', 'test', 'command.ts'),
  bench: join(root, 'infra', 'bench', 'src', 'main.ts'),
  chaos: join(root, 'infra', 'chaos', 'src', 'main.ts'),
  screenshots: join(root, 'infra', 'e2e', 'demo', 'write-screenshots.ts'),
  connections: join(root, 'infra', 'architecture', 'connections.ts'),
};

const say = (line) => process.stderr.write(`chatapi: ${line}\n`);
const fail = (line) => {
  say(line);
  process.exit(1);
};

const nodeIsRecent = () => {
  const [major, minor] = process.versions.node.split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 18);
};

function install(what) {
  try {
    mkdirSync(cache, { recursive: true });
    if (!existsSync(join(cache, 'package.json'))) writeFileSync(join(cache, 'package.json'), '{"private":true}\n');
  } catch (error) {
    fail(`no permission to write ${cache} (${error.code})`);
  }
  say(`fetching ${what.join(' and ')} (once)`);
  const npm = spawnSync(
    'npm',
    ['install', '--prefix', cache, '--no-audit', '--no-fund', '--loglevel=error', '--save-exact', ...what],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
    },
  );
  if (npm.error) fail('npm is needed and was not found');
  if (npm.status !== 0)
    fail(
      `npm could not fetch ${what.join(' and ')}: ${(npm.stderr.match(/npm error .*/g) ?? ['?']).slice(0, 2).join(' ')}`,
    );
}

const versionIn = (name) => {
  try {
    return JSON.parse(readFileSync(join(cache, 'node_modules', name, 'package.json'), 'utf8')).version;
  } catch {
    return undefined;
  }
};

/** Paths of pnpm and of a Node that can run TypeScript. */
function toolchain() {
  const nodePackage = `node-${process.platform}-${process.arch}`;
  const wanted = [];
  if (!nodeIsRecent()) {
    if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
      fail(
        `Node ${process.versions.node} is too old: install Node ${NODE_VERSION} (22.18 or newer) and run this again`,
      );
    }
    if (versionIn(nodePackage) !== NODE_VERSION) wanted.push(`${nodePackage}@${NODE_VERSION}`);
  }
  if (versionIn('pnpm') !== PNPM_VERSION) wanted.push(`pnpm@${PNPM_VERSION}`);
  if (wanted.length > 0) install(wanted);
  return {
    node: nodeIsRecent() ? process.execPath : join(cache, 'node_modules', nodePackage, 'bin', 'node'),
    pnpm: join(cache, 'node_modules', '.bin', 'pnpm'),
  };
}

function packages({ node, pnpm }) {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'pnpm-lock.yaml')))
    .update(readFileSync(join(root, 'pnpm-workspace.yaml')));
  const want = lock.digest('hex');
  const stamp = join(root, 'node_modules', '.chatapi-installed');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === want) return;
  say('installing packages');
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}`, CI: 'true' };
  const run = spawnSync(pnpm, ['install', '--frozen-lockfile', '--reporter=append-only'], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
  });
  if (run.status !== 0) fail(`pnpm install failed:\n${`${run.stdout}${run.stderr}`.split('\n').slice(-15).join('\n')}`);
  writeFileSync(stamp, want);
}

const command = process.argv[2];
if (!(command in COMMANDS)) fail(`unknown command ${command}`);
const tools = toolchain();
packages(tools);
const child = spawn(tools.node, ['--conditions=source', COMMANDS[command], ...process.argv.slice(3)], {
  cwd: root,
  env: { ...process.env, PATH: `${dirname(tools.node)}${delimiter}${process.env.PATH}` },
  // The closing IPC channel tells the child that this process has ended, for any reason.
  stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => child.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal));
}
// npm passes a signal only to the shell between us, which ends without passing it on.
if (process.env.npm_lifecycle_event !== undefined) {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    child.kill('SIGTERM');
  }, 250);
  watch.unref();
}
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
