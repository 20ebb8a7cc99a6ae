// What the server will make of a patch of `custom` (RFC 7396).
import { isObject } from '../errors.ts';

type Custom = Record<string, unknown>;

/** Neither is changed. A key may be `__proto__`. */
export function mergePatch(target: unknown, patch: Custom): Custom {
  const merged = new Map(isObject(target) ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, isObject(value) ? mergePatch(merged.get(key), value) : value);
  }
  return Object.fromEntries(merged);
}
