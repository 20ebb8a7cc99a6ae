// How many PostgreSQL connections a deployment may open: instances × pools, at the HPAs' maxima and
// in the middle of a rollout. Must stay below max_connections.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parse } from 'yaml';
import { settingsOf } from '../services.ts';
import { REPO, read } from '../tree.ts';
import { type Manifest, rendered } from './manifests.ts';

interface Need {
  service: string;
  /** At most, without those that a rollout adds. */
  instances: number;
  /** Started before old ones stop. */
  surge: number;
  /** DATABASE_POOL and the pools in pools.ts. */
  perInstance: number;
}
export interface Budget {
  name: string;
  needs: Need[];
  maxConnections: number;
}

/** superuser_reserved_connections (3), provisioning (1), and backups, metrics and people (10). */
const SPARE = 14;
const WITH_SCHEMA = ['auth', 'user', 'message', 'file', 'admin', 'integration'];

const needOf = ({ instances, surge, perInstance }: Need): number => (instances + surge) * perInstance;
export const totalOf = ({ needs }: Budget): number => needs.reduce((sum, need) => sum + needOf(need), 0);
export const fits = (budget: Budget): boolean => totalOf(budget) + SPARE <= budget.maxConnections;

async function perInstance(service: string, databasePool: number): Promise<number> {
  const path = join(REPO, 'services', service, 'src', 'pools.ts');
  const { POOLS } = (await import(pathToFileURL(path).href).catch(() => ({ POOLS: {} }))) as {
    POOLS: Record<string, number>;
  };
  return databasePool + Object.values(POOLS).reduce((sum, size) => sum + size, 0);
}

const defaultPool = async (): Promise<number> =>
  Number((await settingsOf(REPO, 'user')).find(({ name }) => name === 'DATABASE_POOL')?.fallback);

const named = (all: Manifest[], kind: string, name: string): Manifest | undefined =>
  all.find((manifest) => manifest.kind === kind && manifest.metadata.name.replace(/-[a-z0-9]{10}$/, '') === name);

/** @param overlay as in k8s/overlays, from its rendered manifests. */
async function kubernetesBudget(overlay: string): Promise<Budget> {
  const all = rendered(overlay);
  const pool = Number(named(all, 'ConfigMap', 'chatapi-settings')?.data?.DATABASE_POOL ?? (await defaultPool()));
  const needs = WITH_SCHEMA.map(async (service) => {
    const spec = named(all, 'Deployment', service)?.spec;
    const scaled = named(all, 'HorizontalPodAutoscaler', service)?.spec.maxReplicas;
    return {
      service,
      instances: scaled ?? spec.replicas,
      surge: spec.strategy.rollingUpdate?.maxSurge ?? 0,
      perInstance: await perInstance(service, pool),
    };
  });
  const maxConnections = Number(named(all, 'ConfigMap', 'chatapi-database')?.data?.MAX_CONNECTIONS);
  return { name: `k8s/overlays/${overlay}`, needs: await Promise.all(needs), maxConnections };
}

/** One container of each service, which stops before the next one starts. */
async function composeBudget(): Promise<Budget> {
  const { services } = parse(read(REPO, 'docker-compose.yml'), { merge: true });
  const setting = (services.postgres.command as string[]).find((text) => text.startsWith('max_connections='));
  const pool = await defaultPool();
  const needs = WITH_SCHEMA.map(async (service) => ({
    service,
    instances: 1,
    surge: 0,
    perInstance: await perInstance(service, pool),
  }));
  return {
    name: 'docker-compose.yml',
    needs: await Promise.all(needs),
    maxConnections: Number(setting?.split('=')[1]),
  };
}

export const budgets = (): Promise<Budget[]> =>
  Promise.all([composeBudget(), kubernetesBudget('dev'), kubernetesBudget('production')]);

const cells = (row: (string | number)[]): string => row.map((cell) => String(cell).padStart(12)).join('');

/** A table for people. */
export const describeBudget = (budget: Budget): string =>
  [
    `${budget.name}: ${totalOf(budget)} connections at most, and ${SPARE} spare, of ${budget.maxConnections}`,
    cells(['service', 'instances', 'in rollouts', 'each', 'together']),
    ...budget.needs.map((need) =>
      cells([need.service, need.instances, `+${need.surge}`, need.perInstance, needOf(need)]),
    ),
  ].join('\n');
