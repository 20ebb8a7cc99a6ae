// Owns: where the OpenAPI document says what a call takes and answers. `name`: `GET /users/{id}`.
import type { Json } from './client.ts';

export const operationOf = (doc: Json, name: string): Json => {
  const [method = '', path = ''] = name.split(' ');
  return doc.paths[path]?.[method.toLowerCase()];
};

export const queryOf = (operation: Json): Json[] =>
  (operation.parameters ?? []).filter((p: Json) => p.in === 'query' && p.name !== 'token');

export const bodyOf = (operation: Json): Json | undefined =>
  operation.requestBody?.content?.['application/json']?.schema;

export const answerOf = (operation: Json): Json | undefined =>
  Object.entries<Json>(operation.responses).find(([code]) => code.startsWith('2'))?.[1].content?.['application/json']
    ?.schema;

const PAGE_FIELDS = new Set(['has_more', 'total', 'skip', 'limit', 'last_seq']);

/** What a list lists; undefined for anything else. */
export function listedBy(answer: Json): Json | undefined {
  const lists = Object.entries<Json>(answer.properties ?? {}).filter(([name]) => !PAGE_FIELDS.has(name));
  return lists.length === 1 && lists[0]?.[1].type === 'array' ? lists[0][1].items : undefined;
}
