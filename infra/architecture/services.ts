// Settings and endpoints of the services, read by importing their config and route tables, which
// have no side effects. Imported by path, since no service is a dependency of a test.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export interface Setting {
  name: string;
  required: boolean;
  /** As in the environment; undefined if there is none. */
  fallback?: string;
  description: string;
}

export interface Endpoint {
  method: string;
  /** With parameters as `{id}`. */
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
  /** A list names services. */
  who: string | string[];
  scope?: string;
  summary?: string;
  service?: string;
  body?: { validate(value: unknown): { error?: Error } };
  example?: object;
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

/** Required by a custom rule only; with the default algorithm it must be set. */
const isSecretKey = (name: string): boolean => name === 'JWT_SECRET_KEY';

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
  who: [who].flat().join(', '),
  summary: summary ?? (service === undefined || service === 'gateway' ? '' : `→ ${service}`),
});

/** The gateway's table (`rows`) also lists the routes that it forwards. */
export async function endpointsOf(root: string, service: string): Promise<Endpoint[]> {
  const local = await load(root, service, 'local-routes.ts');
  const outer = await load(root, service, 'routes.ts');
  const inner = await load(root, service, 'internal-routes.ts');
  const answered = (local.localRoutes ?? []) as RouteRow[];
  const forwarded = ((outer.rows ?? []) as RouteRow[]).filter(({ service: to }) => to !== 'gateway');
  return [
    ...answered,
    ...forwarded,
    ...((outer.routes ?? []) as RouteRow[]),
    ...((inner.internalRoutes ?? []) as RouteRow[]),
  ].map(row);
}

/** The internal routes of a service, with the services that each names. */
export async function internalRoutesOf(root: string, service: string): Promise<{ path: string; callers: string[] }[]> {
  const { internalRoutes = [] } = await load(root, service, 'internal-routes.ts');
  return (internalRoutes as RouteRow[]).map(({ path, who }) => ({ path, callers: [who].flat() }));
}

/** The public routes that a service answers, as it declares them. */
export async function publicRoutesOf(root: string, service: string): Promise<Omit<RouteRow, 'service'>[]> {
  const local = await load(root, service, 'local-routes.ts');
  const outer = await load(root, service, 'routes.ts');
  return [...((local.localRoutes ?? []) as RouteRow[]), ...((outer.routes ?? []) as RouteRow[])];
}
