// OpenAPI operations, made from the schemas that validate. The gateway joins those of all services.
import { setImmediate as turn } from 'node:timers/promises';
import type Joi from 'joi';
import type { Route } from './endpoint.ts';
import { answerSchema, type JsonSchema, jsonSchema } from './json-schema.ts';

function parameters(where: 'path' | 'query' | 'header', schema: Joi.ObjectSchema | undefined): JsonSchema[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = jsonSchema(schema) as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
  };
  const { keys = {} } = schema.describe() as { keys?: Record<string, { examples?: unknown[] }> };
  return Object.entries(properties).map(([name, { examples: _, description, ...property }]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description }),
    ...(keys[name]?.examples === undefined ? {} : { example: keys[name].examples[0] }),
    schema: property,
  }));
}

function undeclaredPathParameters(path: string, declared: JsonSchema[]): JsonSchema[] {
  const known = new Set(declared.map(({ name }) => name));
  return [...path.matchAll(/:(\w+)/g)]
    .map(([, name]) => name)
    .filter((name) => !known.has(name))
    .map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } }));
}

const ERROR = { $ref: '#/components/responses/Error' };
const ALWAYS = [400, 401, 429, 500, 503];

/** The error statuses common to such routes, and those that the route declares. */
function errorStatuses({ who, path, body, docs, errors = [] }: Route<any>): number[] {
  const statuses = new Set([...ALWAYS, ...errors]);
  if (who !== 'anyone') statuses.add(403);
  if (path.includes(':')) statuses.add(404);
  if (body !== undefined || docs?.requestBody !== undefined) statuses.add(413).add(415);
  return [...statuses].sort();
}

function responsesOf(r: Route<any>): JsonSchema {
  const status = r.status ?? (r.answer === undefined && !r.docs ? 204 : 200);
  const content = r.answer === undefined ? {} : { content: { 'application/json': { schema: answerSchema(r.answer) } } };
  return {
    [status]: { description: 'Done', ...content },
    ...(r.repeatStatus === undefined ? {} : { [r.repeatStatus]: { description: 'Done before', ...content } }),
    ...Object.fromEntries(errorStatuses(r).map((code) => [code, ERROR])),
    default: ERROR,
    ...(r.docs?.responses as JsonSchema | undefined),
  };
}

const contentOf = ({ form, example }: Route<any>, schema: JsonSchema): JsonSchema => {
  const media = { schema, ...(example === undefined ? {} : { example }) };
  return { 'application/json': media, ...(form ? { 'application/x-www-form-urlencoded': media } : {}) };
};

/** No body at all is the same as `{}`. */
const needsBody = ({ readBody }: Route<any>, body: Joi.ObjectSchema): boolean =>
  readBody !== undefined || body.validate({}).error !== undefined;

function operation(r: Route<any>): JsonSchema {
  const inPath = parameters('path', r.params);
  const all = [
    ...inPath,
    ...undeclaredPathParameters(r.path, inPath),
    ...parameters('query', r.query),
    ...parameters('header', r.headers),
  ];
  return {
    summary: r.summary,
    ...(r.description === undefined ? {} : { description: r.description }),
    ...(r.tag === undefined ? {} : { tags: [r.tag] }),
    operationId: `${r.method}${r.path.replace(/[^A-Za-z0-9]+(\w?)/g, (_, next: string) => next.toUpperCase())}`,
    ...(r.who === 'anyone' ? { security: [] } : {}),
    // What an application key or a bot token needs.
    ...(r.scope === undefined || r.scope === 'none' ? {} : { 'x-scope': r.scope }),
    ...(all.length === 0 ? {} : { parameters: all }),
    ...(r.body === undefined
      ? {}
      : { requestBody: { required: needsBody(r, r.body), content: contentOf(r, jsonSchema(r.body)) } }),
    ...r.docs,
    responses: responsesOf(r),
  };
}

/** `{ '/messages/{id}': { get: {…} } }` for the public routes of one service. */
export function describeRoutes(routes: Route<any>[]): Record<string, Record<string, JsonSchema>> {
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const r of routes) {
    const path = r.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [r.method]: operation(r) };
  }
  return paths;
}

/** The same, a route at a time: the first description takes 0.2 s, for which sends would wait. */
export async function describeRoutesInTurns(routes: Route<any>[]): Promise<Record<string, Record<string, JsonSchema>>> {
  for (const one of routes) {
    describeRoutes([one]);
    await turn();
  }
  return describeRoutes(routes);
}
