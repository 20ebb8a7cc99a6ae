// Both clients of the Python SDK have a method for every operation of the OpenAPI document, named
// as in the TypeScript SDK, with the same parameters and results.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { python } from '@chatapi/local';
import { expect } from 'chai';
import type { Json } from '../support/client.ts';
import {
  answerOf,
  bodyOf,
  eventPayloads,
  leastAnswerOf,
  listedBy,
  operationOf,
  publishedDocuments,
  queryOf,
} from '../support/openapi.ts';
import { CALLS, type Call } from '../support/sdk-calls.ts';
import '../support/shared-cluster.ts';

interface Asked {
  method: string;
  path: string;
  query: string[];
  body: string[];
  /** `taken`, or the code of the error. */
  taken: string;
  /** The same for answers that the server does not give. */
  strange: string[];
}

interface Described {
  asks: Record<'sync' | 'asyncio', Record<string, Asked | null>>;
  answers: Record<string, Json>;
  events: Record<string, Json>;
  takes: Record<string, string[]>;
}

const SCRIPT = join(import.meta.dirname, 'sdk-python', 'described.py');

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Blob);

/** Words of the language bear an underscore as names. */
const WORDS = new Set(['from']);
const named = (object: object): object =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [WORDS.has(name) ? `${name}_` : name, value]));

/**
 * The same call in Python: what TypeScript takes as an object are keywords there; a file is null.
 */
function inPython({ method, args, by }: Call) {
  return {
    by: by ?? 'client',
    method: method.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    args: args.filter((arg) => !isObject(arg)).map((arg) => (arg instanceof Blob ? null : arg)),
    kwargs: named(Object.assign({}, ...args.filter(isObject))),
  };
}

/** Signals of the app, which are not the server's to describe. */
const OWN = ['on_progress', 'cancel'];

/** With keys in order, as `described.py` sorts by it. */
const canonical = (shape: Json): string =>
  JSON.stringify(shape, (_key, value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );

const distinct = (shapes: Json[]): Json[] => [...new Map(shapes.map((one) => [canonical(one), one])).values()];

const sorted = (shapes: Json[]): Json =>
  shapes.length === 1 ? shapes[0] : shapes.toSorted((a, b) => (canonical(a) < canonical(b) ? -1 : 1));

const shapeOfOne = (type: string | undefined, schema: Json): Json => {
  if (type === 'array') return { list: shapeOf(schema.items) };
  if (type !== 'object') return type === 'integer' ? 'number' : (type ?? 'any');
  if (schema.properties === undefined)
    return { every: shapeOf(Object.values(schema.patternProperties ?? {})[0] as Json) };
  return {
    fields: Object.fromEntries(Object.entries<Json>(schema.properties).map(([name, part]) => [name, shapeOf(part)])),
    required: (schema.required ?? []).toSorted(),
  };
};

/** A schema in the words of `described.py`. */
function shapeOf(schema: Json | undefined): Json {
  if (schema === undefined) return 'any';
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return sorted(distinct(choices.map(shapeOf)));
  if (schema.enum !== undefined) {
    const words = schema.enum.filter((word: unknown) => word !== null);
    const one = { one: words.toSorted((a: Json, b: Json) => (canonical(a) < canonical(b) ? -1 : 1)) };
    return sorted(words.length < schema.enum.length ? [one, 'null'] : [one]);
  }
  return sorted([schema.type].flat().map((type: string | undefined) => shapeOfOne(type, schema)));
}

describe('the Python SDK and the documents', function () {
  this.timeout(60_000);
  let doc: Json;
  let frames: Json;
  let described: Described;
  before(async () => {
    [doc, frames] = await publishedDocuments();
    const { file, env } = python();
    const calls = Object.fromEntries(
      Object.entries(CALLS).map(([name, call]) => [
        name,
        { ...inPython(call), answer: leastAnswerOf(operationOf(doc, name)) },
      ]),
    );
    described = JSON.parse(execFileSync(file, [SCRIPT], { env, input: JSON.stringify(calls), encoding: 'utf8' }));
  });

  for (const face of ['sync', 'asyncio'] as const)
    for (const [name, call] of Object.entries(CALLS))
      it(`${face}: ${inPython(call).method} asks as ${name} is described`, () => {
        const operation = operationOf(doc, name);
        const asked = described.asks[face][name];
        const [method, path] = name.split(' ') as [string, string];
        expect(asked?.method).to.equal(method);
        expect(asked?.taken, 'the least that the server may answer').to.equal('taken');
        for (const code of asked?.strange ?? []) expect(code, 'not the server’s answer').to.equal('NETWORK_ERROR');
        expect(asked?.path.replace(/(.)\/$/, '$1')).to.match(new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`));
        expect(asked?.query).to.have.members(queryOf(operation).map(({ name: field }) => field));
        expect(asked?.body).to.have.members(Object.keys(bodyOf(operation)?.properties ?? {}));
      });

  it('have the same events', () => {
    const payloads = Object.fromEntries(eventPayloads(frames));
    expect(described.events).to.have.all.keys(...Object.keys(payloads));
    for (const [name, payload] of Object.entries(payloads))
      expect(described.events[name], name).to.deep.equal(shapeOf(payload));
  });

  for (const [name, call] of Object.entries(CALLS))
    it(`${inPython(call).method} takes and answers what ${name} does`, () => {
      const { args, kwargs } = inPython(call);
      const takes = described.takes[name]?.filter((parameter) => !OWN.includes(parameter)) ?? [];
      expect(takes.slice(args.length)).to.have.members(Object.keys(kwargs));
      const schema = answerOf(operationOf(doc, name));
      if (schema === undefined) return;
      const listed = listedBy(schema);
      const { page, list, ...whole } = described.answers[name] ?? {};
      const answered = page ?? list ?? whole;
      expect(answered).to.deep.equal(shapeOf(listed ?? schema));
    });
});
