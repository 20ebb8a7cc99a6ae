import { type AccessSettings, type BaseConfig, baseSettings, list, readConfig, secret } from '@chatapi/kit';
import Joi from 'joi';
import { parseNetwork } from './address.ts';

export type Upstream = 'auth' | 'user' | 'message' | 'file' | 'admin';

export interface Config extends BaseConfig, AccessSettings {
  RATE_LIMIT_REQUESTS: number;
  RATE_LIMIT_WINDOW: number;
  RATE_LIMIT_UPLOADS: number;
  RATE_LIMIT_LOGIN: number;
  RATE_LIMIT_WS_MESSAGES: number;
  MAX_FILE_SIZE: number;
  ALLOWED_ORIGINS: string[];
  TRUSTED_PROXIES: string[];
  MAX_IN_FLIGHT: number;
  MAX_LAG_MS: number;
  AUTH_URL: string[];
  USER_URL: string[];
  MESSAGE_URL: string[];
  FILE_URL: string[];
  ADMIN_URL: string[];
  REALTIME_URL: string[];
  AUTH_INTERNAL_URL: string[];
  USER_INTERNAL_URL: string[];
  MESSAGE_INTERNAL_URL: string[];
  FILE_INTERNAL_URL: string[];
  ADMIN_INTERNAL_URL: string[];
  REALTIME_INTERNAL_URL: string[];
}

const urls = (of: string, port: number): Joi.Schema =>
  list()
    .default([`http://127.0.0.1:${port}`])
    .description(`main listeners of ${of}, taken in turn`);
const innerUrls = (of: string, port: number): Joi.Schema =>
  list()
    .default([`http://127.0.0.1:${port}`])
    .description(`second listeners of ${of}`);
const limit = (initial: number): Joi.NumberSchema => Joi.number().integer().min(0).max(1_000_000_000).default(initial);

const networks: Joi.CustomValidator<string[]> = (value, h) => {
  const bad = value.find((text) => parseNetwork(text) === undefined);
  return bad === undefined
    ? value
    : h.message({ custom: `TRUSTED_PROXIES: "${bad}" is no address or network (10.0.0.0/8)` });
};

export const schema = Joi.object<Config>({
  ...baseSettings('api-gateway', 8000),
  JWT_ALGORITHM: Joi.string()
    .valid('HS256', 'RS256', 'EdDSA')
    .default('HS256')
    .description('the one algorithm accepted'),
  JWT_SECRET_KEY: secret()
    // biome-ignore lint/suspicious/noThenProperty: Joi's own word
    .when('JWT_ALGORITHM', { is: 'HS256', then: Joi.required() })
    .description('verifies access tokens with HS256; at least 32 bytes, no default'),
  JWT_SECRET_KEY_PREVIOUS: secret().description(
    'still verifies after a change of JWT_SECRET_KEY, until its tokens ran out',
  ),
  RATE_LIMIT_REQUESTS: limit(100).description('requests per window and user, or per address without a token; 0: off'),
  RATE_LIMIT_WINDOW: Joi.number().integer().min(1).max(86_400).default(3600).description('its window in seconds'),
  RATE_LIMIT_UPLOADS: limit(10).description('uploads per hour and user; 0: off'),
  RATE_LIMIT_LOGIN: limit(5).description('shown by GET /rate-limits; auth counts it'),
  RATE_LIMIT_WS_MESSAGES: limit(60).description('shown by GET /rate-limits; the realtime nodes count it'),
  MAX_FILE_SIZE: Joi.number().integer().min(1).default(10_485_760).description('bytes of one uploaded file'),
  ALLOWED_ORIGINS: list()
    .default(['http://localhost:3000', 'https://chatapp.com'])
    .description('web pages that may call from a browser; * for any'),
  TRUSTED_PROXIES: list()
    .custom(networks)
    .default([])
    .description('addresses and networks whose X-Forwarded-For counts; none by default'),
  MAX_IN_FLIGHT: Joi.number()
    .integer()
    .min(1)
    .default(2000)
    .description('requests under way at once; more get 503 at once'),
  MAX_LAG_MS: Joi.number()
    .integer()
    .min(10)
    .default(500)
    .description('event-loop delay, twice in a row, beyond which requests get 503'),
  AUTH_URL: urls('auth', 8001),
  USER_URL: urls('user', 8002),
  MESSAGE_URL: urls('message', 8003),
  FILE_URL: urls('file', 8004),
  ADMIN_URL: urls('admin', 8005),
  REALTIME_URL: urls('the realtime nodes', 8101),
  AUTH_INTERNAL_URL: innerUrls('auth', 9001),
  USER_INTERNAL_URL: innerUrls('user', 9002),
  MESSAGE_INTERNAL_URL: innerUrls('message', 9003),
  FILE_INTERNAL_URL: innerUrls('file', 9004),
  ADMIN_INTERNAL_URL: innerUrls('admin', 9005),
  REALTIME_INTERNAL_URL: innerUrls('the realtime nodes', 9101),
});

export const config = (): Config => readConfig(schema, process.env);
