// JSON Schema of a Joi schema. Joi generates it (draft 2020-12, the dialect of OpenAPI 3.1). This
// file corrects its mistakes.
import type Joi from 'joi';

export type JsonSchema = Record<string, unknown>;

/** The parts of Joi's `describe()` that its JSON Schema lacks. */
interface Manifest {
  metas?: { title?: string; schema?: JsonSchema }[];
  rules?: { name: string; args?: { regex?: string; options?: { invert?: boolean } } }[];
  keys?: Record<string, Manifest>;
  items?: Manifest[];
  patterns?: { rule: Manifest }[];
}

const sourceOf = (regex: string): string => regex.slice(1, regex.lastIndexOf('/'));

/** Joi omits that a pattern is inverted. */
function withPatterns(
  { pattern: _, allOf: __, ...rest }: JsonSchema,
  rules: NonNullable<Manifest['rules']>,
): JsonSchema {
  const all = rules.map(({ args }): JsonSchema => {
    const pattern = { pattern: sourceOf(args?.regex ?? '//') };
    return args?.options?.invert ? { not: pattern } : pattern;
  });
  return all.length === 1 ? { ...rest, ...all[0] } : { ...rest, allOf: all };
}

/** Joi lists null in `type` but not in `enum`, which would forbid it. */
function withNull(schema: JsonSchema): JsonSchema {
  const { type, enum: values } = schema;
  const lacksNull = Array.isArray(type) && type.includes('null') && Array.isArray(values) && !values.includes(null);
  return lacksNull ? { ...schema, enum: [...values, null] } : schema;
}

/** For a nullable object: the title belongs to the object, not to the union with null. */
function withTitle(schema: JsonSchema, title: string | undefined): JsonSchema {
  if (title === undefined) return schema;
  const { type, ...rest } = schema;
  const named = { title, type: 'object', ...rest };
  return Array.isArray(type) && type.includes('null') ? { anyOf: [named, { type: 'null' }] } : named;
}

const correctAll = (schemas: unknown, manifests: Manifest[]): JsonSchema =>
  Object.fromEntries(
    Object.entries((schemas ?? {}) as JsonSchema).map(([name, one], i) => [
      name,
      correct(one, manifests[i] as Manifest),
    ]),
  );

/** Joi gives an array of several kinds of items `anyOf`. */
function correctItems(items: JsonSchema, manifests: Manifest[]): JsonSchema {
  if (manifests.length === 1) return correct(items, manifests[0] as Manifest);
  const { anyOf } = items as { anyOf?: JsonSchema[] };
  return anyOf?.length === manifests.length
    ? { ...items, anyOf: anyOf.map((one, i) => correct(one, manifests[i] as Manifest)) }
    : items;
}

function correct(given: unknown, manifest: Manifest): JsonSchema {
  let schema = given as JsonSchema;
  const patterns = manifest.rules?.filter(({ name }) => name === 'pattern') ?? [];
  if (patterns.length > 0) schema = withPatterns(schema, patterns);
  if (schema.properties !== undefined)
    schema = { ...schema, properties: correctAll(schema.properties, Object.values(manifest.keys ?? {})) };
  if (schema.patternProperties !== undefined)
    schema = {
      ...schema,
      patternProperties: correctAll(schema.patternProperties, manifest.patterns?.map(({ rule }) => rule) ?? []),
    };
  if (schema.items !== undefined && manifest.items !== undefined)
    schema = { ...schema, items: correctItems(schema.items as JsonSchema, manifest.items) };
  for (const meta of manifest.metas ?? []) schema = { ...schema, ...meta.schema };
  return withTitle(withNull(schema), manifest.metas?.findLast(({ title }) => title !== undefined)?.title);
}

/** Joi's schemas never change, and to describe all of a service takes 0.1 s. */
const known = new WeakMap<Joi.Schema, JsonSchema>();

/** Schema of a request or of a frame from a client. Callers share it and don't change it. */
export function jsonSchema(schema: Joi.Schema): JsonSchema {
  const made = known.get(schema) ?? convert(schema);
  known.set(schema, made);
  return made;
}

function convert(schema: Joi.Schema): JsonSchema {
  const standard = (schema as unknown as { '~standard': { jsonSchema: { input(o: { target: string }): JsonSchema } } })[
    '~standard'
  ];
  const { $schema: _, ...rest } = standard.jsonSchema.input({ target: 'draft-2020-12' });
  return correct(rest, schema.describe() as Manifest);
}

type Visit = (schema: JsonSchema) => JsonSchema;

/** Visits every object, inner ones first. */
function mapObjects(value: unknown, visit: Visit): unknown {
  if (Array.isArray(value)) return value.map((one) => mapObjects(one, visit));
  if (typeof value !== 'object' || value === null) return value;
  return visit(Object.fromEntries(Object.entries(value).map(([name, one]) => [name, mapObjects(one, visit)])));
}

/** Schema of a response or of a frame to a client. Allows fields that a later version adds. */
export const answerSchema = (schema: Joi.Schema): JsonSchema =>
  mapObjects(jsonSchema(schema), ({ additionalProperties, ...rest }) =>
    additionalProperties === undefined || additionalProperties === false ? rest : { ...rest, additionalProperties },
  ) as JsonSchema;

/** Moves every titled schema to `schemas`, by title, and replaces it by a `$ref`. */
export const nameSchemas = (value: unknown, schemas: Record<string, JsonSchema>): unknown =>
  mapObjects(value, (schema) => {
    const { title, type } = schema;
    if (typeof title !== 'string' || type !== 'object') return schema;
    schemas[title] = schema;
    return { $ref: `#/components/schemas/${title}` };
  });
