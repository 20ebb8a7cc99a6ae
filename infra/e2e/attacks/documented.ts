// Every documented request with every value that has ever broken a parser, a database or an object,
// generated from /docs/openapi.json.
import type { Json } from '../support/client.ts';

export interface Hostile {
  method: string;
  path: string;
  /** JSON. */
  body?: string;
}

const VALUES: unknown[] = [
  '\u0000',
  'a\u0000b',
  '\ud800',
  'x\udfff',
  'x'.repeat(5000),
  '',
  ' ',
  '%',
  '%00',
  "' or 1=1 --",
  '\u202e',
  '__proto__',
  'constructor',
  { $gt: '' },
  {},
  [],
  ['a'],
  null,
  -1,
  1.5,
  1e300,
  2 ** 53,
  true,
  '9'.repeat(40),
  '2020-13-45T99:99:99Z',
  '\ufdd0\u{10ffff}',
  'ı',
];
const SEGMENTS = [
  '%00',
  '%ED%A0%80',
  '%FF',
  '%E2%80%AE',
  'x'.repeat(400),
  "'",
  '%25',
  '-1',
  '__proto__',
  'constructor',
  ';',
  '%20',
  '%0d%0aX:%20y',
];
const QUERIES = ['limit=1&limit=2', 'limit[]=1', '%', '=', '__proto__=1', '%ff=%ff', 'skip=99999999999999999999'];
const BODIES = [
  '{"__proto__":{"role":"admin"}}',
  '{"constructor":{"prototype":{"x":1}}}',
  '[]',
  'null',
  '"a"',
  '{',
  '\ufeff{}',
  `${'['.repeat(40_000)}${']'.repeat(40_000)}`,
  `${'{"a":'.repeat(15_000)}1${'}'.repeat(15_000)}`,
];

const METHODS = ['get', 'post', 'put', 'delete'];
/** Omitted because they end the caller's session or account, or take long, whatever their input. */
const SPARED = new Set([
  'post /users/logout',
  'delete /users/me',
  'delete /users/me/sessions',
  'post /admin/dashboard/stats/rebuild',
]);

function sample(schema: Json): unknown {
  if (schema?.enum !== undefined) return schema.enum[0];
  if (schema?.type === 'object')
    return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([key, inner]) => [key, sample(inner)]));
  if (schema?.type === 'array') return [sample(schema.items)];
  if (schema?.type === 'integer' || schema?.type === 'number') return Math.max(1, schema.minimum ?? 1);
  return schema?.type === 'boolean' ? true : 'hostile';
}

const queryText = (value: unknown): string =>
  encodeURIComponent((typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).toWellFormed());

function* bodiesOf(operation: Json): Generator<string> {
  const schema = operation.requestBody?.content?.['application/json']?.schema;
  if (schema === undefined) return;
  const good = sample(schema) as object;
  for (const key of Object.keys(good)) for (const value of VALUES) yield JSON.stringify({ ...good, [key]: value });
  yield* BODIES;
}

function* queriesOf(operation: Json): Generator<string> {
  const names: string[] = (operation.parameters ?? []).filter((p: Json) => p.in === 'query').map((p: Json) => p.name);
  for (const name of names) for (const value of VALUES) yield `${name}=${queryText(value)}`;
  yield* QUERIES;
}

/** @param ids the values of `{id}` by first path segment, so that requests get beyond 404. */
export function* hostileRequests(document: Json, ids: Record<string, string>): Generator<Hostile> {
  for (const [pattern, operations] of Object.entries<Json>(document.paths))
    for (const method of METHODS.filter(
      (name) => operations[name] !== undefined && !SPARED.has(`${name} ${pattern}`),
    )) {
      const path = pattern.replace(/\{\w+\}/g, ids[pattern.split('/')[1] as string] ?? 'hostile');
      if (pattern.includes('{'))
        for (const segment of SEGMENTS) yield { method, path: pattern.replace(/\{\w+\}/g, segment) };
      for (const query of queriesOf(operations[method])) yield { method, path: `${path}?${query}` };
      for (const body of bodiesOf(operations[method])) yield { method, path, body };
    }
}
