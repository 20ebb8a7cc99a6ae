// Paths of requests: ids are always one encoded segment.
import { ChatApiError } from './errors.ts';

/** A path; `template` has `{}` in place of its ids and names the operation. */
export interface FilledPath {
  text: string;
  template: string;
}

/** A path, or the error with which a call that gets it rejects before any request. */
export type Path = string | FilledPath | ChatApiError;

function notAnId(value: unknown): ChatApiError {
  const message = `${JSON.stringify(value)} is not an id`;
  return new ChatApiError('VALIDATION_ERROR', message, {
    status: 400,
    details: { fields: [{ path: 'id', message }] },
  });
}

/**
 * `.`, `..` and '' would name another resource than intended.
 * @throws ChatApiError
 */
export function segment(value: unknown): string {
  if (typeof value !== 'string' || value === '' || value === '.' || value === '..') throw notAnId(value);
  try {
    return encodeURIComponent(value);
  } catch {
    throw notAnId(value); // half a character
  }
}

/** A path whose values are one encoded segment each. */
export function path(parts: TemplateStringsArray, ...values: string[]): Path {
  try {
    const segments = values.map(segment);
    return {
      text: parts.reduce((before, part, i) => before + segments[i - 1] + part),
      template: parts.join('{}'),
    };
  } catch (error) {
    return error as ChatApiError;
  }
}

/** @throws ChatApiError for an invalid id. */
export function filled(path: Path): FilledPath {
  if (path instanceof ChatApiError) throw path;
  return typeof path === 'string' ? { text: path, template: path } : path;
}

export function queryOf(query: object = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
  const text = new URLSearchParams(Object.fromEntries(given.map(([name, value]) => [name, String(value)]))).toString();
  return text === '' ? '' : `?${text}`;
}
