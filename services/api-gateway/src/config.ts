import {
  type BaseConfig,
  baseSettings,
  internalUrls,
  listOf,
  originSettings,
  publicUrls,
  readConfig,
  secret,
} from '@chatapi/kit';
import type { AccessSettings } from '@chatapi/kit/auth';
import Joi from 'joi';
import { parseNetwork } from './client-address.ts';

export type ServiceName = 'auth' | 'user' | 'message' | 'file' | 'admin' | 'integration';

export interface Config extends BaseConfig, AccessSettings {
  RATE_LIMIT_REQUESTS: number;
  RATE_LIMIT_WINDOW: number;
  RATE_LIMIT_KEYS: number;
  RATE_LIMIT_STAFF: number;
  RATE_LIMIT_UPLOADS: number;
  RATE_LIMIT_LOGIN: number;
  RATE_LIMIT_LOGIN_ADDRESS: number;
  RATE_LIMIT_REGISTRATIONS: number;
  RATE_LIMIT_WS_MESSAGES: number;
  RATE_LIMIT_WS_FRAMES: number;
  RATE_LIMIT_UPGRADES: number;
  RATE_LIMIT_DOCS: number;
  RATE_LIMIT_HOOKS: number;
  DOCS: 'on' | 'off';
  NODE_ENV?: string;
  CONSOLE: 'on' | 'off';
  DEMO: boolean;
  DEMO_RUNNER_URL?: string;
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
  INTEGRATION_URL: string[];
  REALTIME_URL: string[];
  AUTH_INTERNAL_URL: string[];
  USER_INTERNAL_URL: string[];
  MESSAGE_INTERNAL_URL: string[];
  FILE_INTERNAL_URL: string[];
  ADMIN_INTERNAL_URL: string[];
  INTEGRATION_INTERNAL_URL: string[];
  REALTIME_INTERNAL_URL: string[];
}

const urls = (of: string, port: number): Joi.Schema =>
  publicUrls()
    .default([`http://127.0.0.1:${port}`])
    .description(`public listeners of ${of}, comma-separated, used in turn`);
const internal = (of: string, port: number): Joi.Schema =>
  internalUrls()
    .default([`http://127.0.0.1:${port}`])
    .description(`internal listeners of ${of}, comma-separated`);
const limit = (initial: number): Joi.NumberSchema => Joi.number().integer().min(0).max(1_000_000_000).default(initial);

export const schema = Joi.object<Config>({
  ...baseSettings('api-gateway', 8000),
  JWT_ALGORITHM: Joi.string()
    .valid('HS256', 'RS256', 'EdDSA')
    .default('HS256')
    .description('signature algorithm of access tokens; no other is accepted'),
  JWT_SECRET_KEY: secret()
    // biome-ignore lint/suspicious/noThenProperty: Joi's own word
    .when('JWT_ALGORITHM', { is: 'HS256', then: Joi.required() })
    .description('key that verifies access tokens under HS256, at least 32 bytes'),
  JWT_SECRET_KEY_PREVIOUS: secret().description(
    'previous JWT_SECRET_KEY, accepted until tokens signed with it have expired',
  ),
  RATE_LIMIT_REQUESTS: limit(100).description('requests per window and user (per address without a token); 0: off'),
  RATE_LIMIT_WINDOW: Joi.number()
    .integer()
    .min(1)
    .max(86_400)
    .default(3600)
    .description('window of RATE_LIMIT_REQUESTS, RATE_LIMIT_KEYS and RATE_LIMIT_STAFF, in seconds'),
  RATE_LIMIT_KEYS: limit(100_000).description(
    'requests per RATE_LIMIT_WINDOW and application key, with X-Act-As too; 0: off',
  ),
  RATE_LIMIT_STAFF: limit(20_000).description(
    'requests per RATE_LIMIT_WINDOW and moderator or admin, whose console refreshes itself; 0, or RATE_LIMIT_REQUESTS=0: off',
  ),
  RATE_LIMIT_UPLOADS: limit(10).description('uploads per user and hour; 0: off'),
  RATE_LIMIT_LOGIN: limit(5).description('reported by GET /rate-limits, enforced by auth'),
  RATE_LIMIT_LOGIN_ADDRESS: limit(50).description('reported by GET /rate-limits, enforced by auth'),
  RATE_LIMIT_REGISTRATIONS: limit(20).description(
    'registrations per address and hour, with or without a token; 0: off',
  ),
  RATE_LIMIT_WS_MESSAGES: limit(60).description('reported by GET /rate-limits, enforced by the realtime nodes'),
  RATE_LIMIT_WS_FRAMES: limit(600).description(
    'frames per user and minute, of sockets (enforced by the realtime nodes) and typing by REST; 0: off',
  ),
  RATE_LIMIT_UPGRADES: limit(60).description('reported by GET /rate-limits, enforced by the realtime nodes'),
  RATE_LIMIT_DOCS: limit(600).description('requests of /docs and /test-db per address and minute; 0: off'),
  RATE_LIMIT_HOOKS: limit(600).description('posts to incoming webhooks per address and minute; 0: off'),
  DOCS: Joi.string().valid('on', 'off').default('on').description('off: /docs and all below it answer 404'),
  CONSOLE: Joi.string().valid('on', 'off').default('on').description('off: the admin console at /console answers 404'),
  DEMO: Joi.boolean()
    .when('NODE_ENV', {
      is: 'production',
      // biome-ignore lint/suspicious/noThenProperty: Joi's own word
      then: Joi.boolean().default(false),
      otherwise: Joi.boolean().default(true),
    })
    .description('serve the demo at /demo; default: true, false under NODE_ENV=production'),
  DEMO_RUNNER_URL: Joi.string()
    .pattern(/^http:\/\/[\w-]{43}@127\.0\.0\.1:\d+$/)
    .when('NODE_ENV', {
      is: 'production',
      // biome-ignore lint/suspicious/noThenProperty: Joi's own word
      then: Joi.forbidden(),
    })
    .description('set by the local cluster: how the demo asks its runner to kill a node; never in production'),
  MAX_FILE_SIZE: Joi.number()
    .integer()
    .min(1)
    .default(10_485_760)
    .description('maximum size of an uploaded file, in bytes'),
  ...originSettings(),
  TRUSTED_PROXIES: listOf('an IP address or network, such as 10.0.0.0/8', (value) => parseNetwork(value) !== undefined)
    .default([])
    .description('IP addresses and networks of proxies whose X-Forwarded-* headers count'),
  MAX_IN_FLIGHT: Joi.number()
    .integer()
    .min(1)
    .default(2000)
    .description('maximum concurrent requests; more are answered with 503'),
  MAX_LAG_MS: Joi.number()
    .integer()
    .min(10)
    .default(500)
    .description('event-loop delay in milliseconds; when two polls in a row exceed it, requests get 503'),
  AUTH_URL: urls('auth', 8001),
  USER_URL: urls('user', 8002),
  MESSAGE_URL: urls('message', 8003),
  FILE_URL: urls('file', 8004),
  ADMIN_URL: urls('admin', 8005),
  INTEGRATION_URL: urls('integration', 8006),
  REALTIME_URL: urls('the realtime nodes', 8101),
  AUTH_INTERNAL_URL: internal('auth', 9001),
  USER_INTERNAL_URL: internal('user', 9002),
  MESSAGE_INTERNAL_URL: internal('message', 9003),
  FILE_INTERNAL_URL: internal('file', 9004),
  ADMIN_INTERNAL_URL: internal('admin', 9005),
  INTEGRATION_INTERNAL_URL: internal('integration', 9006),
  REALTIME_INTERNAL_URL: internal('the realtime nodes', 9101),
});

export const config = (): Config => readConfig(schema, process.env);
