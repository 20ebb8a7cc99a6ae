// What the server will make of a patch of `custom` (RFC 7396).
import { isObject } from '../errors.ts';

type Custom = Record<string, unknown>;

/** Neither is changed. */
export function mergePatch(target: unknown, patch: Custom): Custom {
  const merged: Custom = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = isObject(value) ? mergePatch(merged[key], value) : value;
  }
  return merged;
}
