// The packages that users install: the npm tarballs, the Python wheel and source distribution.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { npmPackage, python, REPO } from '@chatapi/local';
import { output } from './command.ts';

const CLIENT = join(REPO, 'packages', 'client');
const REACT = join(REPO, 'packages', 'react');
const CLIENT_PYTHON = join(REPO, 'packages', 'client-python');
const bin = (name: string): string => join(REPO, 'infra', 'release', 'node_modules', '.bin', name);

/** `build` would need a network: this calls the backend that pyproject.toml names. */
const BUILD_PYTHON = `
import sys
from setuptools import build_meta
to = sys.argv[1]  # setuptools changes sys.argv
build_meta.build_wheel(to)
build_meta.build_sdist(to)`;

/** Programs of npm start with the Node that runs this, not with the system's. */
const env = (): NodeJS.ProcessEnv => ({ ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}` });

function fileIn(dir: string, ending: string): string {
  const found = readdirSync(dir).filter((name) => name.endsWith(ending));
  if (found.length !== 1) throw new Error(`${dir} has ${found.length} files that end in ${ending}, not one`);
  return join(dir, found[0] as string);
}

/** Types of deleted sources would stay in the folder, and be published. */
export function cleanNpm(): void {
  for (const dir of [CLIENT, REACT])
    for (const name of ['dist', 'tsconfig.tsbuildinfo']) rmSync(join(dir, name), { recursive: true, force: true });
}

/** Builds the npm packages and packs them. @returns the tarballs of the client and of the hooks. */
export function packNpm(to: string): [client: string, react: string] {
  mkdirSync(to, { recursive: true });
  output([join(REPO, 'node_modules', '.bin', 'tsc'), '-b', CLIENT, REACT], { env: env() });
  output([process.execPath, 'build.ts'], { cwd: CLIENT });
  const pack = (dir: string): string => {
    const { file, contents } = npmPackage(REPO, dir);
    writeFileSync(join(to, file), contents);
    return join(to, file);
  };
  return [pack('packages/client'), pack('packages/react')];
}

/** @throws Error with exports that point nowhere, and types that do not match the code. */
export function checkTarball(tarball: string): void {
  output([bin('publint'), 'run', tarball, '--strict'], { env: env() });
  // `./script` is for pages: a page's script has no types. React's apps have bundlers, which need
  // no CommonJS.
  const kind = /react/.test(basename(tarball)) ? ['--profile', 'esm-only'] : ['--exclude-entrypoints', 'script'];
  output([bin('attw'), tarball, '--no-definitely-typed', ...kind, '--format', 'ascii'], { env: env() });
}

const isSource = (path: string): boolean =>
  !/^(?:dist|build|__pycache__|\.mypy_cache|.*\.egg-info)$/.test(basename(path));

/** Builds the Python SDK, without a network. @returns the wheel and the source distribution. */
export function packPython(to: string): string[] {
  mkdirSync(to, { recursive: true });
  const work = mkdtempSync(join(tmpdir(), 'chatapi-python-'));
  try {
    // setuptools leaves folders beside the sources.
    cpSync(CLIENT_PYTHON, work, { recursive: true, filter: isSource });
    const { file, env } = python();
    // Times of the files in the wheel.
    const SOURCE_DATE_EPOCH = output(['git', 'log', '-1', '--format=%ct']);
    output([file, '-c', BUILD_PYTHON, to], { cwd: work, env: { ...env, SOURCE_DATE_EPOCH } });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return [fileIn(to, '.whl'), fileIn(to, '.tar.gz')];
}
