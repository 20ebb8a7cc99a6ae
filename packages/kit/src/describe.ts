// Owns: OpenAPI fragments made from the very schemas that validate. The gateway joins the services' fragments.
import type Joi from 'joi';
import type { Route } from './endpoint.ts';

type JsonSchema = Record<string, unknown>;

/** Joi names null among the types but not among the values of an enum, which would forbid it. */
function withNulls(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withNulls);
  if (typeof schema !== 'object' || schema === null) return schema;
  const whole = Object.fromEntries(Object.entries(schema).map(([name, part]) => [name, withNulls(part)]));
  const { type, enum: values } = whole;
  const lacksNull = Array.isArray(type) && type.includes('null') && Array.isArray(values) && !values.includes(null);
  return lacksNull ? { ...whole, enum: [...values, null] } : whole;
}

/** Joi 18 writes JSON Schema draft 2020-12, which is OpenAPI 3.1's own dialect. */
export function jsonSchema(schema: Joi.Schema): JsonSchema {
  const standard = (schema as unknown as { '~standard': { jsonSchema: { input(o: { target: string }): JsonSchema } } })[
    '~standard'
  ];
  const { $schema: _, ...rest } = standard.jsonSchema.input({ target: 'draft-2020-12' });
  return withNulls(rest) as JsonSchema;
}

function parameters(where: 'path' | 'query', schema: Joi.ObjectSchema | undefined): JsonSchema[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = jsonSchema(schema) as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
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

function operation(r: Route<any>): JsonSchema {
  const inPath = parameters('path', r.params);
  const all = [...inPath, ...undeclaredPathParameters(r.path, inPath), ...parameters('query', r.query)];
  const status = String(r.status ?? (r.answer === undefined && !r.docs ? 204 : 200));
  const content = r.answer === undefined ? {} : { content: { 'application/json': { schema: jsonSchema(r.answer) } } };
  return {
    summary: r.summary,
    ...(r.tag === undefined ? {} : { tags: [r.tag] }),
    operationId: `${r.method}${r.path.replace(/[^A-Za-z0-9]+(\w?)/g, (_, next: string) => next.toUpperCase())}`,
    ...(r.who === 'anyone' ? { security: [] } : {}),
    ...(all.length === 0 ? {} : { parameters: all }),
    ...(r.body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: jsonSchema(r.body) } } } }),
    responses: { [status]: { description: 'Done', ...content }, default: { $ref: '#/components/responses/Error' } },
    ...r.docs,
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
