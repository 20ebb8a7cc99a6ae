// Reads values from outside with Joi schemas. All faults of a value are named at once.
import type Joi from 'joi';
import { type Fault, invalidFields, MAX_FAULTS } from './errors.ts';

/**
 * - `json`: JSON means exactly what it says. Unknown fields are refused.
 * - `text`: paths and queries, whose values are text. Unknown parameters are refused.
 * - `peer`, `peer text`: the same from another service. It may be of a newer version, so unknown
 *   fields are ignored.
 */
export type Reading = 'json' | 'text' | 'peer' | 'peer text';

/**
 * A pattern's name says what it asks for. Here, since a field with messages of its own costs as
 * much again to validate.
 */
const MESSAGES = {
  'string.pattern.name': '{{#label}} {{#name}}',
  'string.pattern.invert.name': '{{#label}} {{#name}}',
  'object.missing': 'one of {{#peersWithLabels}} is required',
  'object.xor': 'only one of {{#peersWithLabels}} is allowed',
  'object.oxor': 'only one of {{#presentWithLabels}} is allowed',
  'object.min': 'at least {{#limit}} field is required',
};
const TELLING = { abortEarly: false, errors: { wrap: { label: false } }, messages: MESSAGES } as const;
const READINGS: Record<Reading, Joi.ValidationOptions> = {
  json: { ...TELLING, convert: false },
  text: { ...TELLING, convert: true },
  peer: { ...TELLING, convert: false, stripUnknown: { objects: true } },
  'peer text': { ...TELLING, convert: true, stripUnknown: true },
};

type Check = (value: any) => Fault[];

interface Reader {
  schema: Joi.Schema;
  check: Check;
}

/**
 * Options that are a schema's own are read once; given with each call they cost a third of a small
 * frame's validation.
 */
const readers: Record<Reading, WeakMap<Joi.Schema, Reader>> = {
  json: new WeakMap(),
  text: new WeakMap(),
  peer: new WeakMap(),
  'peer text': new WeakMap(),
};

const noCheck: Check = () => [];

const checkOf = (schema: Joi.Schema): Check =>
  (schema as unknown as { $_terms: { metas: { check?: Check }[] } }).$_terms.metas.find(({ check }) => check)?.check ??
  noCheck;

function readerOf(schema: Joi.Schema, reading: Reading): Reader {
  let reader = readers[reading].get(schema);
  if (reader === undefined) {
    reader = { schema: schema.prefs(READINGS[reading]), check: checkOf(schema) };
    readers[reading].set(schema, reader);
  }
  return reader;
}

/**
 * Adds a check of several fields together. Joi skips its own such rules when a single field has a
 * fault. This one always runs, so it may get a value that the schema refuses.
 */
export const withCheck = <T>(
  schema: Joi.ObjectSchema<T>,
  check: (value: { [K in keyof T]?: unknown }) => Fault[],
): Joi.ObjectSchema<T> => schema.meta({ check });

interface Place {
  value: object;
  key: string;
  parent: Place | undefined;
}

function pathOf(place: Place, last: string): string {
  const keys = [last];
  for (let at: Place | undefined = place; at?.parent !== undefined; at = at.parent) keys.push(at.key);
  return keys.reverse().join('.');
}

/**
 * Fields named `__proto__`. Joi does not see them: it copies objects by assignment, which sets the
 * prototype of the copy. Not recursive, since JSON of 100 KiB may be 50,000 levels deep.
 */
function prototypeFields(root: unknown): Fault[] {
  if (typeof root !== 'object' || root === null) return [];
  const faults: Fault[] = [];
  const waiting: Place[] = [{ value: root, key: '', parent: undefined }];
  for (let place = waiting.pop(); place !== undefined && faults.length < MAX_FAULTS; place = waiting.pop()) {
    for (const key of Object.keys(place.value)) {
      if (key === '__proto__') {
        const path = pathOf(place, key);
        faults.push({ path, message: `${path} is not allowed` });
        continue;
      }
      const value = (place.value as Record<string, unknown>)[key];
      if (typeof value === 'object' && value !== null) waiting.push({ value, key, parent: place });
    }
  }
  return faults;
}

const faultsOf = ({ details }: Joi.ValidationError): Fault[] =>
  details.map(({ path, message }) => ({ path: path.join('.'), message }));

/** What custom rules pass to the client besides their message. */
const detailsOf = ({ details }: Joi.ValidationError): object =>
  Object.assign({}, ...details.map(({ context }) => context?.details ?? {}));

/** @throws AppError VALIDATION_ERROR with every fault. */
export function parse<T>(schema: Joi.Schema<T> | undefined, value: unknown, reading: Reading): T {
  if (schema === undefined) return {} as T;
  const reader = readerOf(schema, reading);
  const { error, value: read } = reader.schema.validate(value);
  const hidden = prototypeFields(value);
  if (error === undefined) {
    const faults = [...hidden, ...reader.check(read)];
    if (faults.length === 0) return read as T;
    throw invalidFields(faults);
  }
  const faults = [...hidden, ...faultsOf(error)];
  const named = new Set(faults.map(({ path }) => path));
  const together = typeof read === 'object' && read !== null ? reader.check(read) : [];
  throw invalidFields([...faults, ...together.filter(({ path }) => !named.has(path))], detailsOf(error));
}

/**
 * PostgreSQL stores no U+0000, and no schema of a word thinks of it. Looked for behind the schemas:
 * texts for screens have lost theirs by then.
 */
export function refuseNul(value: unknown, path: string[] = []): void {
  if (typeof value === 'string') {
    if (!value.includes('\0')) return;
    const field = path.join('.');
    throw invalidFields([{ path: field, message: `${field} must not contain U+0000` }]);
  }
  if (typeof value === 'object' && value !== null)
    for (const [key, inner] of Object.entries(value)) refuseNul(inner, [...path, key]);
}
