// The version: the root package.json has it, and these places repeat it.
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const IMAGE = /(?<=image: chatapi\/[\w-]+:).*/g;
const MANIFESTS = '{packages,services,infra,examples}/*/package.json';

/** Each pattern matches the version alone. */
const PLACES: Record<string, RegExp> = {
  'packages/kit/src/version.ts': /(?<=VERSION = ')[^']*/g,
  'packages/client/package.json': /(?<=^ {2}"version": ")[^"]*/gm,
  'packages/react/package.json': /(?<=^ {2}"version": ")[^"]*/gm,
  'packages/client-python/pyproject.toml': /(?<=^version = ")[^"]*/gm,
  'infra/docker/Dockerfile': /(?<=^ARG VERSION=).*/gm,
  'docker-compose.yml': /(?<=\$\{CHATAPI_VERSION:-)[^}]*/g,
  'k8s/base/kustomization.yaml': /(?<=name: chatapi\/[\w-]+, newTag: )[^ }]*/g,
  'k8s/rendered/dev.yaml': IMAGE,
  'k8s/rendered/production.yaml': IMAGE,
  'k8s/rendered/production-with-adapter.yaml': IMAGE,
  'k8s/rendered/production-with-private-ca.yaml': IMAGE,
  '.env.example': /(?<=^#CHATAPI_VERSION=).*/gm,
};

/** A version that somebody wrote by hand in the code. */
const LITERAL = /\bversion['"]?\s*[:=]\s*['"`]\d+\.\d+\.\d+/i;

const read = (root: string, file: string): string => readFileSync(join(root, file), 'utf8');

const manifestOf = (root: string, file: string): { version?: string; private?: boolean } =>
  JSON.parse(read(root, file));

/** @throws Error when the root package.json has none. */
export function versionOf(root: string): string {
  const { version } = manifestOf(root, 'package.json');
  if (version === undefined) throw new Error('package.json has no version');
  return version;
}

/** Writes the version of the root package.json to all other places. */
export function writeVersion(root: string): void {
  const version = versionOf(root);
  for (const [file, pattern] of Object.entries(PLACES))
    writeFileSync(join(root, file), read(root, file).replace(pattern, version));
}

function placeFaults(root: string): string[] {
  const version = versionOf(root);
  return Object.entries(PLACES).flatMap(([file, pattern]) => {
    const found = read(root, file).match(pattern) ?? [];
    if (found.length === 0) return [`${file}: no version found`];
    const other = found.find((text) => text !== version);
    return other === undefined ? [] : [`${file}: version ${other}, but package.json has ${version}`];
  });
}

const manifestFaults = (root: string): string[] =>
  globSync(MANIFESTS, { cwd: root })
    .filter((file) => manifestOf(root, file).private === true && manifestOf(root, file).version !== undefined)
    .map((file) => `${file}: a private package has no version`);

const literalFaults = (root: string): string[] =>
  globSync('{packages,services}/*/src/**/*.{ts,py}', { cwd: root })
    .filter((file) => !(file in PLACES) && LITERAL.test(read(root, file)))
    .map((file) => `${file}: import VERSION from @chatapi/kit instead of a literal`);

/** Places that disagree with the root package.json. */
export const versionFaults = (root: string): string[] => [
  ...placeFaults(root),
  ...manifestFaults(root),
  ...literalFaults(root),
];
