// `custom`: a JSON object of an application's own on users and other things. Changed by a JSON
// merge patch (RFC 7396).
import Joi from 'joi';
import { invalidField } from './errors.ts';
import { invalid } from './text/text-fields.ts';

export type Custom = Record<string, unknown>;

/** Of the object as JSON. */
const MAX_BYTES = 4096;
/** `{"a":1}` has one. */
const MAX_LEVELS = 5;

const isContainer = (value: unknown): value is object => typeof value === 'object' && value !== null;
const isObject = (value: unknown): value is Custom => isContainer(value) && !Array.isArray(value);

const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes('\0');

function valueFault(value: unknown): string | undefined {
  if (typeof value === 'string' && !isStorable(value)) return 'must be well-formed Unicode without U+0000';
  if (typeof value === 'number' && !Number.isFinite(value)) return 'must have numbers that JSON can hold';
  return undefined;
}

/** Level by level, since JSON may be deeper than the stack. */
function contentFault(root: Custom): string | undefined {
  let level: object[] = [root];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > MAX_LEVELS) return `must have at most ${MAX_LEVELS} levels`;
    const entries = level.flatMap((container) => Object.entries(container));
    for (const [key, value] of entries) {
      const fault = valueFault(key) ?? valueFault(value);
      if (fault !== undefined) return fault;
    }
    level = entries.map(([, value]) => value).filter(isContainer);
  }
  return undefined;
}

/** What is wrong with it as a value of `custom`, or as a patch of one. */
export const customFault = (value: Custom): string | undefined =>
  contentFault(value) ??
  (Buffer.byteLength(JSON.stringify(value)) > MAX_BYTES ? `must have at most ${MAX_BYTES} bytes as JSON` : undefined);

const EXAMPLE = { schema: { examples: [{ order: 4711 }] } };
const LIMITS = `an object of at most ${MAX_BYTES} bytes as JSON and ${MAX_LEVELS} levels`;

/** `custom` of a new thing. */
export const newCustom = (): Joi.ObjectSchema<Custom> =>
  Joi.object<Custom>()
    .unknown()
    .custom((value: Custom, h) => {
      const fault = customFault(value);
      return fault === undefined ? value : invalid(h, fault);
    })
    .meta(EXAMPLE)
    .description(`${LIMITS}, for the application’s own use`);

/** A patch of `custom`. What it makes of the object must be checked again. */
export const customPatch = (): Joi.ObjectSchema<Custom> =>
  newCustom().description(`${LIMITS}; a merge patch (RFC 7396): null removes a key`);

/** Schema of `custom` in a response. */
export const customObject = (): Joi.ObjectSchema<Custom> => Joi.object<Custom>().unknown().meta(EXAMPLE);

/** RFC 7396. Neither is changed. */
export function mergePatch(target: unknown, patch: Custom): Custom {
  const merged = new Map(isObject(target) ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, isObject(value) ? mergePatch(merged.get(key), value) : value);
  }
  return Object.fromEntries(merged);
}

/** For what was put together of several parts. @throws AppError VALIDATION_ERROR */
export function checkedCustom(custom: Custom): Custom {
  const fault = customFault(custom);
  if (fault !== undefined) throw invalidField('custom', `custom ${fault}`);
  return custom;
}
