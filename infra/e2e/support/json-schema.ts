// JSON Schema as the text of a TypeScript type, as far as the published documents use it.
import type { Json } from './client.ts';

const several = (types: string[]): string => `(${types.join(' | ')})`;

function objectType({ properties, patternProperties, required = [] }: Json): string {
  const [pattern] = Object.values<Json>(patternProperties ?? {});
  if (properties === undefined) return `Record<string, ${typeOf(pattern)}>`;
  const fields = Object.entries<Json>(properties).map(
    ([name, schema]) => `${JSON.stringify(name)}${required.includes(name) ? '' : '?'}: ${typeOf(schema)}`,
  );
  return `{ ${fields.join('; ')} }`;
}

function oneType(type: string | undefined, schema: Json): string {
  if (type === 'array') return `${typeOf(schema.items)}[]`;
  if (type === 'object') return objectType(schema);
  return type === 'integer' ? 'number' : (type ?? 'unknown');
}

export function typeOf(schema: Json | undefined): string {
  if (schema === undefined) return 'unknown';
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return several(schema.enum.map((value: unknown) => JSON.stringify(value)));
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return several(choices.map(typeOf));
  return several([schema.type].flat().map((type) => oneType(type, schema)));
}
