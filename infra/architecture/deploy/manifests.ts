// The Kubernetes manifests for tests: rendered by `kubectl kustomize` from a copy with secrets.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SERVICES } from '@chatapi/kit/auth';
import { parseAllDocuments, parse as parseYaml } from 'yaml';
import { REPO } from '../tree.ts';

export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  // The shape depends on the kind; tests read a few fields.
  spec: any;
  data?: Record<string, string>;
}

export const hasKubectl = (): boolean => spawnSync('kubectl', ['kustomize', '--help']).status === 0;

/** @throws Error with kubectl's output when it can't render. */
export function render(overlay: string): Manifest[] {
  const root = mkdtempSync(join(tmpdir(), 'chatapi-k8s-'));
  try {
    for (const dir of ['k8s', 'infra/postgres']) cpSync(join(REPO, dir), join(root, dir), { recursive: true });
    for (const name of ['secrets', ...SERVICES])
      writeFileSync(join(root, `k8s/overlays/dev/${name}.env`), 'JWT_SECRET_KEY=of-the-test\n');
    const yaml = execFileSync('kubectl', ['kustomize', join(root, 'k8s', overlay)], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
    return parseAllDocuments(yaml).map((document) => document.toJS() as Manifest);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

interface Kustomization {
  resources?: string[];
  patches?: { path?: string }[];
  configMapGenerator?: { envs?: string[]; files?: string[] }[];
}

/** Missing files that a kustomization refers to, through all its folders. Needs no kubectl. */
export function missingFiles(dir: string): string[] {
  const path = join(dir, 'kustomization.yaml');
  if (!existsSync(path)) return [path];
  const found = parseYaml(readFileSync(path, 'utf8')) as Kustomization;
  const named = [
    ...(found.resources ?? []),
    ...(found.patches ?? []).flatMap((patch) => patch.path ?? []),
    ...(found.configMapGenerator ?? []).flatMap(({ envs = [], files = [] }) => [...envs, ...files]),
  ].map((name) => join(dir, name));
  return named.flatMap((file) => {
    if (!existsSync(file)) return [file];
    return statSync(file).isDirectory() ? missingFiles(file) : [];
  });
}

/** All objects in the sources, patches included. */
export const sourceManifests = (dir: string): Manifest[] =>
  readdirSync(dir)
    .filter((name) => name.endsWith('.yaml') && name !== 'kustomization.yaml')
    .flatMap((name) => parseAllDocuments(readFileSync(join(dir, name), 'utf8')))
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);
