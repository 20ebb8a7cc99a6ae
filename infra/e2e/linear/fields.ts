// All fields that external callers can fill, of every route and frame, found in the validation
// schemas.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { servicesOf } from '@chatapi/architecture';
import { parse } from '@chatapi/kit';

type Schema = NonNullable<Parameters<typeof parse>[0]>;
type Reading = 'json' | 'text';

interface RouteRow {
  method: string;
  path: string;
  params?: Schema;
  query?: Schema;
  body?: Schema;
}

export interface Field {
  name: string;
  /** Takes many small values, generated from a text. */
  isMany?: boolean;
  /** Validates an input with only this field. */
  judge(value: unknown): void;
}

interface Described {
  type?: string;
  keys?: Record<string, Described>;
  items?: Described[];
  patterns?: { rule: Described }[];
  matches?: { schema?: Described }[];
}

/** Paths to a value; `[]` is an item of a list, `*` a name in an object. */
function placesOf(described: Described, way: string[] = []): string[][] {
  const { keys = {}, items = [], patterns = [], matches = [] } = described;
  const inner = [
    ...Object.entries(keys).flatMap(([key, one]) => placesOf(one, [...way, key])),
    ...items.flatMap((one) => [...placesOf(one, [...way, '[]']), [...way, '[]', '…']]),
    ...patterns.flatMap(({ rule }) => [...placesOf(rule, [...way, '*']), [...way, '*name']]),
    ...matches.flatMap(({ schema }) => (schema === undefined ? [] : placesOf(schema, way))),
  ];
  return way.length === 0 ? inner : [way, ...inner];
}

/** A list or an object of many small values from the text. */
const manyOf = (text: string): string[] =>
  Array.from({ length: text.length / 8 }, (_, i) => `${text.slice(i, i + 4)}${i}`);

function put([key, ...rest]: string[], value: unknown): unknown {
  if (key === undefined) return value;
  if (key === '…') return typeof value === 'string' ? manyOf(value) : value;
  if (key === '[]') return rest[0] === '…' ? put(rest, value) : [put(rest, value)];
  if (key === '*name')
    return typeof value === 'string' ? Object.fromEntries(manyOf(value).map((name) => [name, 1])) : value;
  return { [key === '*' ? 'a' : key]: put(rest, value) };
}

function fieldsOf(name: string, schema: Schema | undefined, reading: Reading): Field[] {
  if (schema === undefined) return [];
  return placesOf(schema.describe() as Described).map((way) => ({
    name: `${name} ${reading} ${way.join('.')}`,
    isMany: way.includes('…') || way.includes('*name'),
    judge(value) {
      try {
        parse(schema, put(way, value), reading);
      } catch {}
    },
  }));
}

const load = async (root: string, ...path: string[]): Promise<Record<string, any>> =>
  await import(pathToFileURL(join(root, 'services', ...path)).href);

export async function routeFields(root: string): Promise<Field[]> {
  const tables = await Promise.all(
    servicesOf(root).flatMap((service) =>
      readdirSync(join(root, 'services', service, 'src'))
        .filter((file) => file === 'routes.ts' || file === 'internal-routes.ts')
        .map((file) => load(root, service, 'src', file)),
    ),
  );
  const rows = tables.flatMap((table) => [...(table.routes ?? []), ...(table.internalRoutes ?? [])]) as RouteRow[];
  return rows.flatMap(({ method, path, params, query, body }) => [
    ...fieldsOf(`${method} ${path}`, params, 'text'),
    ...fieldsOf(`${method} ${path}`, query, 'text'),
    ...fieldsOf(`${method} ${path}`, body, 'json'),
  ]);
}

export async function frameFields(root: string): Promise<Field[]> {
  const { FRAME_TYPES } = await load(root, 'realtime-gateway', 'src', 'frames', 'dispatch.ts');
  const types = [...(FRAME_TYPES as Map<string | undefined, { schema: Schema }>)];
  return types.flatMap(([type, { schema }]) => fieldsOf(`frame ${type ?? 'message'}`, schema, 'json'));
}

/** Functions of a service that take a text. */
export async function functionsOf(
  root: string,
  named: Record<string, (module: Record<string, any>) => Record<string, (text: string) => unknown>>,
): Promise<Field[]> {
  const all = await Promise.all(
    Object.entries(named).map(async ([path, pick]) =>
      Object.entries(pick(await load(root, ...path.split('/')))).map(([name, judge]) => ({
        name: `${path} ${name}`,
        judge: (value: unknown) => {
          try {
            judge(value as string);
          } catch {}
        },
      })),
    ),
  );
  return all.flat();
}
