// The SDKs as the gateway serves them, at /sdk/: built when their sources have changed. Images are
// built with it too (infra/docker), so it needs nothing but Node and the packages of the SDKs.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { fingerprint } from '../fingerprint.ts';
import { REPO } from '../settings.ts';
import { npmPackage, type Packed } from './npm-package.ts';
import { wheel } from './wheel.ts';

const SOURCES = [
  'LICENSE',
  'tsconfig.base.json',
  'infra/local/src/sdk/*.ts',
  'packages/{client,react}/{package.json,README.md,tsconfig.json,build.ts,src/**/*.ts}',
  'packages/client-python/{pyproject.toml,README.md,src/**/*.py}',
];

const STAMP = '.built-from';
const run = promisify(execFile);

/** Where the gateway finds them. */
const SDK_DIR = join(REPO, 'services', 'api-gateway', 'sdk');

/** Atomic: another start may read or build at the same time. */
function put(path: string, contents: string | Uint8Array): void {
  const part = `${path}.${process.pid}.part`;
  writeFileSync(part, contents);
  renameSync(part, path);
}

async function compile(): Promise<void> {
  const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}` };
  const packages = ['client', 'react'].map((name) => join(REPO, 'packages', name));
  const tsc = join(REPO, 'node_modules', 'typescript', 'bin', 'tsc');
  await run(process.execPath, [tsc, '-b', ...packages], { cwd: REPO, env });
  await run(process.execPath, ['build.ts'], { cwd: packages[0] as string, env });
}

function script({ version }: Packed): Packed[] {
  const contents = readFileSync(join(REPO, 'packages', 'client', 'dist', 'chatapi.js'));
  // Its source map is in the package.
  const text = Buffer.from(contents.toString().replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n'));
  const one = { name: 'chatapi.js', version, contents: text };
  return [
    { ...one, file: 'chatapi.js' },
    { ...one, file: `chatapi-${version}.js` },
  ];
}

const described = ({ name, version, file, contents }: Packed) => ({
  name,
  version,
  file,
  path: `/sdk/${file}`,
  sha256: createHash('sha256').update(contents).digest('hex'),
  bytes: contents.length,
});

/** @returns whether anything was built. */
export async function buildSdk(say: (line: string) => void = () => undefined): Promise<boolean> {
  const dir = SDK_DIR;
  const [stamp, from] = [join(dir, STAMP), fingerprint(SOURCES)];
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === from) return false;
  say('building the SDKs (once)');
  await compile();
  mkdirSync(dir, { recursive: true });
  const client = npmPackage(REPO, 'packages/client');
  const packed = [client, npmPackage(REPO, 'packages/react'), wheel(REPO, 'packages/client-python'), ...script(client)];
  for (const { file, contents } of packed) put(join(dir, file), contents);
  put(join(dir, 'index.json'), `${JSON.stringify({ version: client.version, files: packed.map(described) })}\n`);
  put(stamp, from);
  const kept = new Set([STAMP, 'index.json', ...packed.map(({ file }) => file)]);
  for (const name of readdirSync(dir)) if (!kept.has(name) && !name.endsWith('.part')) rmSync(join(dir, name));
  return true;
}

// `node infra/local/src/sdk/build.ts`, for images.
if (process.argv[1] === import.meta.filename) await buildSdk((line) => void process.stdout.write(`${line}\n`));
