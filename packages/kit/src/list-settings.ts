// Settings that are comma-separated lists. Every value is checked at start by what it means.
import { isIP } from 'node:net';
import Joi from 'joi';

const valuesOf = (text: unknown): string[] =>
  String(text)
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

const withoutPassword = (value: string): string => value.replace(/\/\/[^/@]*@/, '//…@');

/**
 * Values are trimmed, empty ones dropped.
 * @param expected what a value must be, for the message about a bad one.
 */
export const listOf = (expected: string, isValid: (value: string) => boolean): Joi.Schema<string[]> =>
  Joi.any()
    .custom((text: unknown, h) => {
      const values = valuesOf(text);
      const bad = values.find((value) => !isValid(value));
      return bad === undefined ? values : h.error('list.value', { bad: withoutPassword(bad), expected });
    })
    .messages({ 'list.value': '{{#label}} has the value {{#bad}}, expected {{#expected}}' })
    .meta({ list: true }) as unknown as Joi.Schema<string[]>;

/** Pages of app shells have origins such as `capacitor://localhost`, which `URL` does not know. */
const APP_ORIGIN = /^(?!(?:https?|wss?|ftp|file|data|blob|javascript):)[a-z][a-z0-9+.-]*:\/\/[a-z0-9.-]+(?::\d+)?$/;

const ANY_PORT = ':*';

function isOrigin(value: string): boolean {
  if (value === '*' || value === 'null' || APP_ORIGIN.test(value)) return true;
  const bare = value.endsWith(ANY_PORT) ? value.slice(0, -ANY_PORT.length) : value;
  // A browser's origin has no wildcard, though a URL may.
  return /^https?:/.test(bare) && !bare.includes('*') && URL.parse(bare)?.origin === bare;
}

/** @param origin as a browser sends it. */
export const allowsOrigin = (allowed: readonly string[], origin: string): boolean =>
  allowed.includes('*') || allowed.includes(origin) || allowed.includes(origin.replace(/:\d+$/, '') + ANY_PORT);

/** Development servers of front ends choose a port each. */
const DEVELOPMENT_ORIGINS = ['http://localhost:*', 'http://127.0.0.1:*', 'https://chatapp.com'];

/** Keys for the settings of both gateways. */
export const originSettings = () => ({
  NODE_ENV: Joi.string().description('`production`: no origin is allowed by default'),
  ALLOWED_ORIGINS: listOf(
    'an origin exactly as browsers send it, such as https://chat.example.com or http://localhost:3000, without a path, with the port * for any, or *',
    isOrigin,
  )
    .when('NODE_ENV', {
      is: 'production',
      // biome-ignore lint/suspicious/noThenProperty: Joi's own word
      then: Joi.any().default([]),
      otherwise: Joi.any().default(DEVELOPMENT_ORIGINS),
    })
    .description(
      `origins whose pages may call and connect, comma-separated; \`*\` for any, as a port for any port; default: ${DEVELOPMENT_ORIGINS.join(',')}, none under NODE_ENV=production`,
    ),
});

function isBaseUrl(value: string, schemes: string[]): boolean {
  const url = URL.parse(value);
  // Of a scheme that `URL` does not know, an empty path stays empty.
  const bare =
    ['/', ''].includes(url?.pathname ?? '-') &&
    url?.search === '' &&
    url.hash === '' &&
    url.username + url.password === '';
  return bare && url.hostname !== '' && schemes.includes(url.protocol);
}

/** `dns+http://name:port` stands for all addresses of a name: see rpc/instances.ts. */
const INSIDE = ['http:', 'dns+http:'];
const EXAMPLES = 'http://auth:8080 or dns+http://auth.example.internal:8080';

/** Public listeners of a service: plain http, since connections stay inside. */
export const publicUrls = (): Joi.Schema<string[]> =>
  listOf(`a URL such as ${EXAMPLES}`, (value) => isBaseUrl(value, INSIDE));

/** Internal listeners of a service. */
export const internalUrls = (): Joi.Schema<string[]> =>
  listOf(`a URL such as ${EXAMPLES}`, (value) => isBaseUrl(value, [...INSIDE, 'https:']));

const ADDRESS_AND_PORT = /^\[?([^\]]+?)\]?:(\d{1,5})$/;

/** As `dns.setServers` takes them. */
export function isDnsServer(value: string): boolean {
  if (isIP(value) !== 0) return true;
  const [, address = '', port] = ADDRESS_AND_PORT.exec(value) ?? [];
  return isIP(address) !== 0 && Number(port) > 0 && Number(port) < 65_536;
}
