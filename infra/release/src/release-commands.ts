// The commands of a release, in their order.
import { relative } from 'node:path';
import type { Command } from './command.ts';
import type { Image } from './images.ts';
import { tagOf } from './refusals.ts';

export interface Release {
  root: string;
  version: string;
  /** The commit. */
  revision: string;
  /** Versions released before. */
  released: string[];
  images: Image[];
  /** Each after those that it needs. */
  tarballs: string[];
  /** The wheel and the source distribution. */
  python: string[];
}

/** Fail when a tool or an account is missing, before anything is published. */
export const PREFLIGHT: Command[] = [
  ['docker', 'version'],
  ['npm', 'whoami'],
  ['python3', '-m', 'twine', '--version'],
  ['git', 'fetch', '--tags', 'origin'],
];

const numbers = (version: string): number[] => version.split('.').map(Number);

function isNewer(a: string, b: string): boolean {
  const [left, right] = [numbers(a), numbers(b)];
  const at = left.findIndex((n, i) => n !== right[i]);
  return at >= 0 && (left[at] as number) > (right[at] as number);
}

/** npm's `latest` must not move back when an older line gets a hotfix. */
export function npmTag(version: string, released: string[]): string {
  const [major, minor] = numbers(version);
  return released.some((other) => isNewer(other, version)) ? `release-${major}.${minor}` : 'latest';
}

const buildImage = ({ service, tag }: Image, { version, revision }: Release): Command => {
  const args = { SERVICE: service, VERSION: version, REVISION: revision };
  const flags = Object.entries(args).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
  return ['docker', 'build', '-f', 'infra/docker/Dockerfile', ...flags, '-t', tag, '.'];
};

/** What can be undone comes first, and the public tag last: it says that all else is there. */
export function releaseCommands(release: Release): Command[] {
  const { root, version, images, tarballs, python, released } = release;
  const tag = tagOf(version);
  const path = (file: string): string => relative(root, file);
  return [
    ...images.map((image) => buildImage(image, release)),
    ['git', 'tag', '-a', tag, '-m', `chatapi ${version}`],
    ...images.map(({ tag }): Command => ['docker', 'push', tag]),
    ...tarballs.map((tarball): Command => {
      const place = npmTag(version, released);
      return ['npm', 'publish', `./${path(tarball)}`, '--access', 'public', '--tag', place];
    }),
    ['python3', '-m', 'twine', 'upload', ...python.map(path)],
    ['git', 'push', 'origin', tag],
  ];
}
