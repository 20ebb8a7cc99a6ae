// The URL of the API gateway, judged before the first request.
import { ChatApiError } from './errors.ts';

const EXAMPLE = 'https://chat.example.com';

function problemOf(given: unknown): string | undefined {
  if (typeof given !== 'string' || given.trim() === '') return 'is missing';
  if (/^wss?:/i.test(given)) return 'is the URL of a WebSocket: give the one that begins with http:// or https://';
  if (!/^\s*https?:\/\/[^/?#\\]/i.test(given)) return 'does not begin with http:// or https://';
  if (!URL.canParse(given)) return 'is not a URL';
  const { username, password } = new URL(given);
  if (username !== '' || password !== '') return 'holds a user name or a password';
  // `search` and `hash` are '' for a bare `?` or `#`.
  return /[?#]/.test(given) ? 'has a query or a fragment' : undefined;
}

/**
 * A path, of a server behind a prefix, is kept.
 * @returns the URL without a slash at its end.
 * @throws ChatApiError for anything but an absolute http or https URL.
 */
export function judgedBaseUrl(given: unknown): string {
  const problem = problemOf(given);
  if (problem === undefined) {
    const { origin, pathname } = new URL(given as string);
    return origin + pathname.replace(/\/+$/, '');
  }
  const message = `baseUrl ${JSON.stringify(given) ?? 'undefined'} ${problem}; an example is ${EXAMPLE}`;
  throw new ChatApiError('VALIDATION_ERROR', message, { details: { fields: [{ path: 'baseUrl', message }] } });
}
