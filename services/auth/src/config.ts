import {
  type BaseConfig,
  baseSettings,
  databaseSettings,
  fromFile,
  internalUrls,
  type MigrationConfig,
  migrationSettings,
  readConfig,
  secret,
} from '@chatapi/kit';
import type { DbSettings } from '@chatapi/kit/data';
import { type EgressSettings, egressSettings } from '@chatapi/kit/egress';
import Joi from 'joi';
import { type MailSettings, mailFits, mailSettings } from './mail/mail-settings.ts';
import { strongPassword } from './password-policy.ts';
import { type RegistrationSettings, registrationSettings } from './registration/settings.ts';
import { type Algorithm, pemSetting, readPrivateKey, readPublicKeys } from './signing-keys.ts';

export interface Config extends BaseConfig, DbSettings, EgressSettings, RegistrationSettings, MailSettings {
  JWT_ALGORITHM: Algorithm;
  JWT_SECRET_KEY?: string;
  JWT_PRIVATE_KEY?: string;
  JWT_PREVIOUS_PUBLIC_KEYS?: string;
  JWT_EXPIRE_MINUTES: number;
  REFRESH_EXPIRE_DAYS: number;
  SESSION_MAX_DAYS: number;
  BCRYPT_COST: number;
  PASSWORD_QUEUE: number;
  RATE_LIMIT_LOGIN: number;
  RATE_LIMIT_LOGIN_ADDRESS: number;
  ADMIN_USERNAME?: string;
  ADMIN_EMAIL?: string;
  ADMIN_PASSWORD?: string;
  BOTS: 'admins' | 'everyone';
  USER_INTERNAL_URL: string[];
  SEALING_KEY?: string;
  SEALING_KEY_PREVIOUS?: string;
}

/** The gateways forget revocations after an hour more. */
export const MAX_TOKEN_MINUTES = 1440;

const upTo = (max: number): Joi.NumberSchema => Joi.number().integer().min(1).max(max);

/** The service must not start without a key, or with a key of another algorithm. */
const keyFits: Joi.CustomValidator<Config> = (value, h) => {
  if (value.JWT_ALGORITHM === 'HS256') {
    if (value.JWT_SECRET_KEY !== undefined) return value;
    return h.message({ custom: '"JWT_SECRET_KEY" is required: make one with `openssl rand -base64 48`' });
  }
  try {
    readPrivateKey(value.JWT_PRIVATE_KEY ?? '', value.JWT_ALGORITHM);
    return value;
  } catch (error) {
    return h.message({
      custom: `JWT_PRIVATE_KEY with a key for ${value.JWT_ALGORITHM}: ${(error as Error).message}`,
    });
  }
};
const anyPem = (text: string): void => {
  if (!text.includes('-----BEGIN ')) throw new Error('no PEM block in it');
};

export const schema = Joi.object<Config>({
  ...baseSettings('auth', 8001),
  ...databaseSettings(),
  JWT_ALGORITHM: Joi.string()
    .valid('HS256', 'RS256', 'EdDSA')
    .default('HS256')
    .description('algorithm that signs access tokens'),
  JWT_SECRET_KEY: secret().description('secret that signs access tokens, required for HS256; at least 32 bytes'),
  JWT_PRIVATE_KEY: pemSetting(anyPem).description(
    'PEM private key for RS256 (RSA, at least 2048 bits) or EdDSA (Ed25519)',
  ),
  JWT_PREVIOUS_PUBLIC_KEYS: pemSetting(readPublicKeys).description(
    'PEM public keys that still verify tokens after a key change',
  ),
  JWT_EXPIRE_MINUTES: upTo(MAX_TOKEN_MINUTES).default(30).description('lifetime of an access token, in minutes'),
  REFRESH_EXPIRE_DAYS: upTo(365).default(30).description('days without a refresh after which a session ends'),
  SESSION_MAX_DAYS: upTo(3650).default(90).description('maximum age of a session, in days'),
  BCRYPT_COST: Joi.number()
    .integer()
    .min(4)
    .max(16)
    .default(12)
    .description('bcrypt cost of new password hashes; use 10 or more in production'),
  PASSWORD_QUEUE: Joi.number()
    .integer()
    .min(1)
    .max(1000)
    .default(64)
    .description('maximum number of queued password checks; more are refused with 503'),
  RATE_LIMIT_LOGIN: Joi.number()
    .integer()
    .min(0)
    .max(100_000)
    .default(5)
    .description('failed logins per account and IP address in 15 minutes; 0 disables it and the lockout'),
  RATE_LIMIT_LOGIN_ADDRESS: Joi.number()
    .integer()
    .min(0)
    .max(1_000_000)
    .default(50)
    .description('failed logins per IP address (IPv6: /64) in 15 minutes, over all accounts; 0 disables it'),
  ADMIN_USERNAME: Joi.string()
    .pattern(/^[A-Za-z0-9_.-]{3,32}$/)
    .description('username of the first admin, created once at start'),
  ADMIN_EMAIL: Joi.string().email({ tlds: false }).max(254).description('email of the first admin'),
  ADMIN_PASSWORD: fromFile(Joi.string())
    .custom(strongPassword('ADMIN_USERNAME', 'ADMIN_EMAIL'))
    .description('initial password of the first admin, judged as those of users; change it after the first login'),
  ...registrationSettings(),
  ...egressSettings(),
  SEALING_KEY: secret().description(
    'encrypts secrets that are stored, such as those of issuers with HS256; at least 32 bytes; without it none can be stored',
  ),
  SEALING_KEY_PREVIOUS: secret().description('another key that still opens stored secrets, while SEALING_KEY changes'),
  BOTS: Joi.string()
    .valid('admins', 'everyone')
    .default('admins')
    .description('who may create bots; application keys may always'),
  ...mailSettings(),
  USER_INTERNAL_URL: internalUrls().default([]).description('internal listeners of the user service'),
})
  .and('ADMIN_USERNAME', 'ADMIN_EMAIL', 'ADMIN_PASSWORD')
  .custom(keyFits)
  .custom(mailFits);

export const config = (): Config => readConfig(schema, process.env);

export const migrationConfig = (): MigrationConfig => readConfig(migrationSettings, process.env);
