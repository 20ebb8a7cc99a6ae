// `npm run release`: see docs/releasing.md.
import { rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { REPO } from '@chatapi/local';
import { output, runInOrder, show, written } from './command.ts';
import { imagesOf } from './images.ts';
import { checkTarball, cleanNpm, packNpm, packPython } from './packages.ts';
import { refusals, releasedVersions } from './refusals.ts';
import { PREFLIGHT, type Release, releaseCommands } from './release-commands.ts';
import { versionOf, writeVersion } from './version.ts';

const USAGE = `npm run release -- version     applies the changesets: version and CHANGELOG.md
npm run release -- --dry-run   checks and builds, prints the commands of the release
npm run release                checks, builds and publishes`;
const OUT = join(REPO, 'dist', 'release');

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const fail = (line: string): never => {
  process.stderr.write(`${line}\n`);
  process.exit(1);
};

/** Changesets knows the root package.json alone; all other places take the version from there. */
function applyVersion(): void {
  show([join(REPO, 'node_modules', '.bin', 'changeset'), 'version']);
  writeVersion(REPO);
  say(`version ${versionOf(REPO)}: read CHANGELOG.md, then commit`);
}

function refuseOrContinue(): void {
  const why = refusals(REPO);
  if (why.length > 0) fail(`this commit cannot be released:\n${why.map((line) => `- ${line}`).join('\n')}`);
}

function build(): Release {
  rmSync(OUT, { recursive: true, force: true });
  cleanNpm();
  say('building');
  output([join(REPO, 'node_modules', '.bin', 'tsc'), '-b']);
  const tarballs = packNpm(OUT);
  for (const tarball of tarballs) checkTarball(tarball);
  const version = versionOf(REPO);
  return {
    root: REPO,
    version,
    revision: output(['git', 'rev-parse', 'HEAD']),
    released: releasedVersions(REPO),
    images: imagesOf(REPO, version),
    tarballs,
    python: packPython(OUT),
  };
}

function printPlan(release: Release): void {
  const files = [...release.tarballs, ...release.python].map((file) => relative(REPO, file));
  say(`\nversion ${release.version} of ${release.revision}\n\nfiles\n  ${files.join('\n  ')}`);
  say(`\nimages\n  ${release.images.map(({ tag }) => tag).join('\n  ')}`);
  say(`\nbefore the build, the release runs\n  ${PREFLIGHT.map(written).join('\n  ')}`);
  say(`\nafter it\n  ${releaseCommands(release).map(written).join('\n  ')}`);
}

/** Nothing is public before the first push in `releaseCommands`. */
function publish(): void {
  for (const command of PREFLIGHT) output(command);
  // Now with the tags of the remote.
  refuseOrContinue();
  runInOrder(releaseCommands(build()), (command) => {
    say(`\n$ ${written(command)}`);
    show(command);
  });
}

const { values, positionals } = parseArgs({
  options: { 'dry-run': { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
  allowPositionals: true,
});
try {
  if (values.help || positionals.some((word) => word !== 'version')) fail(USAGE);
  if (positionals.length > 0) applyVersion();
  else {
    refuseOrContinue();
    values['dry-run'] ? printPlan(build()) : publish();
  }
} catch (error) {
  fail((error as Error).message);
}
