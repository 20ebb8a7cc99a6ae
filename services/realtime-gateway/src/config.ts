import { type BaseConfig, baseSettings, internalUrls, originSettings, readConfig, secret } from '@chatapi/kit';
import { type AccessSettings, type FileLinkSettings, fileLinkSettings } from '@chatapi/kit/auth';
import Joi from 'joi';

export interface Config extends BaseConfig, AccessSettings, FileLinkSettings {
  RATE_LIMIT_WS_MESSAGES: number;
  RATE_LIMIT_WS_FRAMES: number;
  RATE_LIMIT_UPGRADES: number;
  ALLOWED_ORIGINS: string[];
  AUTH_INTERNAL_URL: string[];
  USER_INTERNAL_URL: string[];
  MESSAGE_INTERNAL_URL: string[];
  ADMIN_INTERNAL_URL: string[];
}

export const schema = Joi.object<Config>({
  ...baseSettings('realtime-gateway', 8101),
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
  RATE_LIMIT_WS_MESSAGES: Joi.number()
    .integer()
    .min(0)
    .max(1_000_000)
    .default(60)
    .description('messages per user and minute, over all nodes; 0: off'),
  RATE_LIMIT_WS_FRAMES: Joi.number()
    .integer()
    .min(0)
    .max(1_000_000)
    .default(600)
    .description('frames of any type per user and minute, over all nodes; also 8 MiB; 0: both off'),
  RATE_LIMIT_UPGRADES: Joi.number()
    .integer()
    .min(0)
    .max(1_000_000)
    .default(60)
    .description(
      'upgrades and streams opened per user and minute, over all nodes; five times as many per address; 0: off',
    ),
  ...originSettings(),
  ...fileLinkSettings(),
  AUTH_INTERNAL_URL: internalUrls()
    .required()
    .description('internal listeners of auth, comma-separated (revocations, public keys)'),
  USER_INTERNAL_URL: internalUrls()
    .required()
    .description('internal listeners of user, comma-separated (last-seen times)'),
  MESSAGE_INTERNAL_URL: internalUrls()
    .required()
    .description('internal listeners of message, comma-separated (sends, rooms, room logs)'),
  ADMIN_INTERNAL_URL: internalUrls()
    .default(['http://localhost:9005'])
    .description('internal listeners of admin, comma-separated (figures for staff, the connection log)'),
});

export const config = (): Config => readConfig(schema, process.env);
