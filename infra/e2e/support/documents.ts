// Validates every response and every frame that the tests receive against the published documents.
// Clients must accept unknown fields of later versions; here an undocumented field is an error.
import { setTimeout as sleep } from 'node:timers/promises';
import Ajv, { type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

type Json = any;

const ajv = formats.default(new Ajv.default({ strict: false, allErrors: true }));

interface Documents {
  openapi: Json;
  asyncapi: Json;
}

let documents: Documents | undefined;

function closed(value: Json): Json {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== 'object' || value === null) return value;
  const inner = Object.fromEntries(Object.entries(value).map(([key, one]) => [key, closed(one)]));
  return inner.type === 'object' && typeof inner.properties === 'object' && inner.additionalProperties === undefined
    ? { ...inner, additionalProperties: false }
    : inner;
}

const LOAD_MS = 60_000;

/** Waits until every service has described itself: a busy machine may take a few seconds. */
async function load(url: string): Promise<Json> {
  for (const end = Date.now() + LOAD_MS; ; await sleep(200)) {
    const answer = await fetch(url);
    const document = (await answer.json()) as Json;
    const lacks = answer.ok ? document['x-missing'] : `a document (${answer.status})`;
    if (lacks === undefined) return closed(document);
    if (Date.now() > end) throw new Error(`${url} lacks ${lacks}`);
  }
}

const receivedFrames = (asyncapi: Json): string[] =>
  asyncapi.operations.receive.messages.map(({ $ref }: Json) => $ref.split('/').at(-1));

/** Loads once per process: all clusters of a process run the same code. */
export async function loadDocuments(gateway: string): Promise<void> {
  if (documents !== undefined) return;
  const [openapi, asyncapi] = await Promise.all([
    load(`${gateway}/docs/openapi.json`),
    load(`${gateway}/docs/asyncapi.json`),
  ]);
  documents = { openapi, asyncapi };
}

function loaded(): Documents {
  if (documents === undefined) throw new Error('no cluster was started that publishes the documents');
  return documents;
}

const validators = new WeakMap<object, ValidateFunction>();

function validatorOf(schema: Json, { components }: Json): ValidateFunction {
  let validate = validators.get(schema);
  if (validate === undefined) {
    validate = ajv.compile({ ...schema, components });
    validators.set(schema, validate);
  }
  return validate;
}

/** @throws Error with the violations. */
function validate(what: string, schema: Json, document: Json, value: Json): void {
  const validator = validatorOf(schema, document);
  if (validator(value)) return;
  const faults = (validator.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath || '/'} ${message} ${JSON.stringify(params)}`,
  );
  throw new Error(`${what} is not as documented: ${faults.join('; ')}: ${JSON.stringify(value).slice(0, 500)}`);
}

const segments = (path: string): string[] => path.split('/').filter((part) => part !== '');

/** A path without parameters has priority. */
function itemAt(openapi: Json, path: string): Json {
  const asked = segments(path);
  const fits = (pattern: string): boolean => {
    const parts = segments(pattern);
    return parts.length === asked.length && parts.every((part, i) => part.startsWith('{') || part === asked[i]);
  };
  const [found] = Object.keys(openapi.paths)
    .filter(fits)
    .sort((a, b) => a.split('{').length - b.split('{').length);
  return found === undefined ? undefined : openapi.paths[found];
}

export interface Answer {
  method: string;
  /** With or without a query. */
  path: string;
  status: number;
  type: string | undefined;
  /** Parsed; set only for JSON. */
  body: Json;
}

/** Statuses of errors before routing: method, length of the headers, upgrade. */
const OF_HTTP = new Set([405, 408, 414, 426, 431]);

const isJson = (type: string | undefined): boolean => type?.startsWith('application/json') ?? false;

export function checkError({ status, type, body }: Pick<Answer, 'status' | 'type' | 'body'>, what = 'an error'): void {
  const { openapi } = loaded();
  if (!isJson(type)) throw new Error(`${what} ${status} is no JSON`);
  validate(`${what} ${status}`, openapi.components.schemas.Error, openapi, body);
}

/** @throws Error when the OpenAPI document does not allow this answer. */
export function checkAnswer({ method, path, status, type, body }: Answer): void {
  const { openapi } = loaded();
  const what = `${method} ${path}`;
  if (method === 'HEAD' || method === 'OPTIONS') return;
  const operation = itemAt(openapi, path.split('?', 1)[0] as string)?.[method.toLowerCase()];
  if (status >= 400) checkError({ status, type, body }, what);
  if (operation === undefined) {
    if (status < 400) throw new Error(`${what} answers ${status} and is not documented`);
    return;
  }
  const response = operation.responses[status];
  if (response === undefined && !OF_HTTP.has(status)) throw new Error(`${what}: status ${status} is not documented`);
  if (status >= 400 || response === undefined) return;
  const schema = response.content?.['application/json']?.schema;
  if (schema !== undefined) validate(`${what} ${status}`, schema, openapi, body);
  else if (isJson(type)) throw new Error(`${what} ${status}: its JSON is not documented`);
}

/** @throws Error when the AsyncAPI document does not allow the server to send this frame. */
export function checkFrame(frame: Json): void {
  const { asyncapi } = loaded();
  if (!receivedFrames(asyncapi).includes(frame.type)) throw new Error(`no frame "${frame.type}" is documented`);
  validate(`frame "${frame.type}"`, asyncapi.components.messages[frame.type].payload, asyncapi, frame);
}
