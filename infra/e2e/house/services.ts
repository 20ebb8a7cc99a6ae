// Owns: what a service says of itself in code: its settings, its endpoints. Read by importing its config and route tables,
// which do nothing at import. By path, since no service is a dependency of a test.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export interface Setting {
  name: string;
  required: boolean;
  /** As written in the environment; undefined: none. */
  fallback?: string;
  description: string;
}

export interface Endpoint {
  method: string;
  /** With `{id}`. */
  path: string;
  who: string;
  summary: string;
}

interface Described {
  flags?: { presence?: string; default?: unknown; description?: string };
}
interface Schema {
  describe(): { keys?: Record<string, Described> };
}
interface RouteRow {
  method: string;
  path: string;
  who: string;
  summary?: string;
  service?: string;
}

export const servicesOf = (root: string): string[] =>
  readdirSync(join(root, 'services'))
    .filter((name) => existsSync(join(root, 'services', name, 'package.json')))
    .sort();

async function load(root: string, service: string, file: string): Promise<Record<string, unknown>> {
  const path = join(root, 'services', service, 'src', file);
  return existsSync(path) ? ((await import(pathToFileURL(path).href)) as Record<string, unknown>) : {};
}

const written = (value: unknown): string | undefined => {
  if (value === undefined) return undefined;
  if (Array.isArray(value))
    return value.length > 0 && typeof value[0] === 'object' ? JSON.stringify(value) : value.join(',');
  return String(value);
};

/** A key that a custom rule demands only under one algorithm still has to be set by who changes nothing. */
const isSecretKey = (name: string): boolean => name.endsWith('_SECRET_KEY');

export async function settingsOf(root: string, service: string): Promise<Setting[]> {
  const { schema } = await load(root, service, 'config.ts');
  const { keys = {} } = (schema as Schema).describe();
  return Object.entries(keys).map(([name, { flags = {} }]) => ({
    name,
    required: flags.presence === 'required' || isSecretKey(name),
    fallback: written(flags.default),
    description: flags.description ?? '',
  }));
}

const row = ({ method, path, who, summary, service }: RouteRow): Endpoint => ({
  method: method.toUpperCase(),
  path: path.replace(/:(\w+)/g, '{$1}'),
  who,
  summary: summary ?? (service === undefined || service === 'door' ? '' : `→ ${service}`),
});

/** The door's table (`rows`) names what it forwards too; the other services have only tables of their own. */
export async function endpointsOf(root: string, service: string): Promise<Endpoint[]> {
  const own = await load(root, service, 'own-routes.ts');
  const outer = await load(root, service, 'routes.ts');
  const inner = await load(root, service, 'internal-routes.ts');
  const answered = (own.ownRoutes ?? []) as RouteRow[];
  const forwarded = ((outer.rows ?? []) as RouteRow[]).filter(({ service: to }) => to !== 'door');
  return [
    ...answered,
    ...forwarded,
    ...((outer.routes ?? []) as RouteRow[]),
    ...((inner.internalRoutes ?? []) as RouteRow[]),
  ].map(row);
}
