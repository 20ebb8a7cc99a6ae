// Bodies of forms, for routes that take them beside JSON.
import { invalidFields } from './errors.ts';

export const FORM_TYPE = /^application\/x-www-form-urlencoded\s*(?:;|$)/i;

/** @throws AppError VALIDATION_ERROR for a field that stands twice: which one counts is a guess. */
export function formOf(text: string): Record<string, string> {
  const fields = [...new URLSearchParams(text)];
  const names = fields.map(([name]) => name);
  const twice = [...new Set(names.filter((name, i) => names.indexOf(name) !== i))];
  if (twice.length > 0) throw invalidFields(twice.map((path) => ({ path, message: `${path} must stand once` })));
  return Object.fromEntries(fields);
}
