// Request and response schemas in the OpenAPI document. `name`: `GET /users/{id}`.
import { type Json, rest } from './client.ts';

/** The document with every `$ref` resolved. */
export function inlined(doc: Json, at: Json = doc): Json {
  if (Array.isArray(at)) return at.map((one) => inlined(doc, one));
  if (typeof at !== 'object' || at === null) return at;
  if (typeof at.$ref === 'string')
    return inlined(
      doc,
      at.$ref
        .split('/')
        .slice(1)
        .reduce((found: Json, key: string) => found[key], doc),
    );
  return Object.fromEntries(Object.entries(at).map(([key, one]) => [key, inlined(doc, one)]));
}

/** The OpenAPI and the AsyncAPI document of the shared cluster, with every `$ref` resolved. */
export async function publishedDocuments(): Promise<[doc: Json, frames: Json]> {
  const get = async (name: string): Promise<Json> => inlined((await rest().get(`/docs/${name}.json`).expect(200)).body);
  return [await get('openapi'), await get('asyncapi')];
}

export const operationOf = (doc: Json, name: string): Json => {
  const [method = '', path = ''] = name.split(' ');
  return doc.paths[path]?.[method.toLowerCase()];
};

/** `token` stands in links, `ids` is a method of its own. */
const OF_NO_QUERY = new Set(['token', 'ids']);

export const queryOf = (operation: Json): Json[] =>
  (operation.parameters ?? []).filter((p: Json) => p.in === 'query' && !OF_NO_QUERY.has(p.name));

export const bodyOf = (operation: Json): Json | undefined =>
  operation.requestBody?.content?.['application/json']?.schema;

export const answerOf = (operation: Json): Json | undefined =>
  Object.entries<Json>(operation.responses).find(([code]) => code.startsWith('2'))?.[1].content?.['application/json']
    ?.schema;

const PAGE_FIELDS = new Set(['has_more', 'total', 'skip', 'limit', 'last_seq', 'next_cursor']);

/** What a list lists; undefined for anything else. */
export function listedBy(answer: Json): Json | undefined {
  const lists = Object.entries<Json>(answer.properties ?? {}).filter(
    // Names stand beside lists, by id.
    ([name, { type }]) => !PAGE_FIELDS.has(name) && !(name === 'users' && type === 'object'),
  );
  return lists.length === 1 && lists[0]?.[1].type === 'array' ? lists[0][1].items : undefined;
}

/** Responses to frames of the SDK itself. */
const FOR_THE_SDK = ['hello', 'ack', 'error', 'resumed', 'state', 'authenticated', 'pong'];

/** Name and schema of each event for apps. `frames`: the AsyncAPI document, with refs resolved. */
export const eventPayloads = (frames: Json): [string, Json][] =>
  frames.operations.receive.messages
    .map(({ name, payload }: Json) => [name, payload])
    .filter(([name]: [string]) => !FOR_THE_SDK.includes(name));

export interface Answer {
  status: number;
  /** JSON; null for none; 'bytes' for a download. */
  body: string | null;
}

/** The least that fits the schema: required fields only. */
function leastOf(schema: Json): Json {
  const choice = (schema.anyOf ?? schema.oneOf)?.[0];
  if (choice !== undefined) return leastOf(choice);
  if (schema.enum !== undefined) return schema.enum[0];
  const type = [schema.type].flat()[0];
  if (type === 'object')
    return Object.fromEntries((schema.required ?? []).map((name: string) => [name, leastOf(schema.properties[name])]));
  if (type === 'array') return [leastOf(schema.items)];
  return { string: 'x', integer: 1, number: 1, boolean: false }[type as string] ?? null;
}

/** The least that the server may answer. */
export function leastAnswerOf(operation: Json): Answer {
  const [status, response] = Object.entries<Json>(operation.responses).find(([code]) => code.startsWith('2')) ?? [];
  const schema = response?.content?.['application/json']?.schema;
  if (schema !== undefined) return { status: Number(status), body: JSON.stringify(leastOf(schema)) };
  return { status: Number(status), body: response?.content === undefined ? null : 'bytes' };
}
