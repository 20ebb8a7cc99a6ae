// The Kubernetes manifests for tests: rendered by `kubectl kustomize`, or as committed.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SERVICES } from '@chatapi/kit/auth';
import { parseAllDocuments, parse as parseYaml } from 'yaml';
import { REPO, read } from '../tree.ts';

export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  // The shape depends on the kind; tests read a few fields.
  spec: any;
  data?: Record<string, string>;
}

/** What is rendered: an overlay, and components that an installation may add to it. */
export interface Composition {
  overlay: string;
  /** If there are any, the result has only what they change. */
  components: string[];
}
export const COMPOSITIONS: Record<string, Composition> = {
  dev: { overlay: 'dev', components: [] },
  production: { overlay: 'production', components: [] },
  'production-with-adapter': { overlay: 'production', components: ['gateway', 'monitoring', 'prometheus-adapter'] },
  'production-with-private-ca': { overlay: 'production', components: ['private-ca'] },
  'production-with-keda': { overlay: 'production', components: ['keda'] },
};
export const renderedPath = (name: string): string => `k8s/rendered/${name}.yaml`;

export const hasKubectl = (): boolean => spawnSync('kubectl', ['kustomize', '--help']).status === 0;

export const parseManifests = (yaml: string): Manifest[] =>
  parseAllDocuments(yaml)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);

const HEADER = `# What \`kubectl kustomize\` makes, without Secrets, for reviews and checks. Written by
# \`node --conditions=source infra/architecture/write.ts\`; do not edit.
`;
const isSecret = (document: string): boolean => /^kind: Secret$/m.test(document);

/** Documents of a copy with sample secrets. */
function kustomize({ overlay, components }: Composition): string[] {
  const root = mkdtempSync(join(tmpdir(), 'chatapi-k8s-'));
  const whole = join(root, 'k8s', 'whole');
  try {
    for (const dir of ['k8s', 'infra/postgres']) cpSync(join(REPO, dir), join(root, dir), { recursive: true });
    for (const name of ['secrets', ...SERVICES])
      writeFileSync(join(root, `k8s/overlays/dev/${name}.env`), 'JWT_SECRET_KEY=of-the-test\n');
    mkdirSync(whole);
    const parts = {
      resources: [`../overlays/${overlay}`],
      components: components.map((name) => `../components/${name}`),
    };
    // JSON is YAML.
    writeFileSync(join(whole, 'kustomization.yaml'), JSON.stringify(parts));
    const yaml = execFileSync('kubectl', ['kustomize', whole], { encoding: 'utf8', stdio: 'pipe' });
    return yaml.split(/^---\n/m).filter((document) => !isSecret(document));
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

const nameOf = (document: string): string => {
  const { kind, metadata } = parseYaml(document) as Manifest;
  return `${kind} ${metadata.name}`;
};

/**
 * The result has no Secrets.
 * @throws Error with kubectl's output when it can't render.
 */
export function render(composition: Composition): string {
  const all = kustomize(composition);
  if (composition.components.length === 0) return HEADER + all.join('---\n');
  const plain = kustomize({ ...composition, components: [] });
  const names = new Set(all.map(nameOf));
  const removed = plain.map(nameOf).filter((name) => !names.has(name));
  const title = [
    `# Only what differs from ${composition.overlay}.yaml with the components`,
    ...composition.components.map((component) => `# - ${component}`),
    ...removed.map((name) => `# removed: ${name}`),
  ];
  const changed = all.filter((document) => !plain.includes(document));
  return `${HEADER}${title.join('\n')}\n${changed.join('---\n')}`;
}

/** As committed; needs no kubectl. */
export const rendered = (name: string): Manifest[] => parseManifests(read(REPO, renderedPath(name)));

interface Kustomization {
  resources?: string[];
  components?: string[];
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
    ...(found.components ?? []),
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
    .flatMap((name) => parseManifests(readFileSync(join(dir, name), 'utf8')));
