import {
  type BaseConfig,
  baseSettings,
  type DbSettings,
  databaseSettings,
  list,
  readConfig,
  secret,
} from '@chatapi/kit';
import Joi from 'joi';
import { type Algorithm, pemSetting, readPrivateKey, readPublicKeys } from './keys.ts';

export interface Config extends BaseConfig, DbSettings {
  JWT_ALGORITHM: Algorithm;
  JWT_SECRET_KEY?: string;
  JWT_PRIVATE_KEY?: string;
  JWT_PRIVATE_KEY_FILE?: string;
  JWT_PREVIOUS_PUBLIC_KEYS?: string;
  JWT_PREVIOUS_PUBLIC_KEYS_FILE?: string;
  JWT_EXPIRE_MINUTES: number;
  REFRESH_EXPIRE_DAYS: number;
  BCRYPT_COST: number;
  PASSWORD_QUEUE: number;
  RATE_LIMIT_LOGIN: number;
  ADMIN_USERNAME?: string;
  ADMIN_EMAIL?: string;
  ADMIN_PASSWORD?: string;
  USER_INTERNAL_URL: string[];
}

const upTo = (most: number): Joi.NumberSchema => Joi.number().integer().min(1).max(most);

/** An algorithm without its key, or with another's, must not come up. */
const keyFits: Joi.CustomValidator<Config> = (value, h) => {
  if (value.JWT_ALGORITHM === 'HS256') {
    if (value.JWT_SECRET_KEY !== undefined) return value;
    return h.message({ custom: '"JWT_SECRET_KEY" is required: make one with `openssl rand -base64 48`' });
  }
  try {
    readPrivateKey(value.JWT_PRIVATE_KEY ?? value.JWT_PRIVATE_KEY_FILE ?? '', value.JWT_ALGORITHM);
    return value;
  } catch (error) {
    return h.message({
      custom: `JWT_PRIVATE_KEY (or JWT_PRIVATE_KEY_FILE) with a key for ${value.JWT_ALGORITHM}: ${(error as Error).message}`,
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
    .description('how access tokens are signed'),
  JWT_SECRET_KEY: secret().description(
    'signs access tokens with HS256, and is required for it; at least 32 bytes, no default',
  ),
  JWT_PRIVATE_KEY: pemSetting(anyPem, false).description(
    'PEM private key for RS256 (RSA, 2048 bits or more) or EdDSA (Ed25519)',
  ),
  JWT_PRIVATE_KEY_FILE: pemSetting(anyPem, true).description('path of a file that holds JWT_PRIVATE_KEY'),
  JWT_PREVIOUS_PUBLIC_KEYS: pemSetting(readPublicKeys, false).description(
    'PEM public keys whose tokens are still good after a key change',
  ),
  JWT_PREVIOUS_PUBLIC_KEYS_FILE: pemSetting(readPublicKeys, true).description(
    'path of a file that holds JWT_PREVIOUS_PUBLIC_KEYS',
  ),
  JWT_EXPIRE_MINUTES: upTo(1440).default(30).description('life of an access token in minutes'),
  REFRESH_EXPIRE_DAYS: upTo(365).default(30).description('days after which an unused session ends'),
  BCRYPT_COST: Joi.number()
    .integer()
    .min(4)
    .max(16)
    .default(12)
    .description('log2 of bcrypt’s rounds for new passwords; 10 or more in earnest'),
  PASSWORD_QUEUE: Joi.number()
    .integer()
    .min(1)
    .max(1000)
    .default(64)
    .description('passwords that may wait to be hashed; beyond: 503'),
  RATE_LIMIT_LOGIN: Joi.number()
    .integer()
    .min(0)
    .max(100_000)
    .default(5)
    .description('failed logins per 15 minutes, account and address; 0 turns this and the lockout off'),
  ADMIN_USERNAME: Joi.string()
    .pattern(/^[A-Za-z0-9_.-]{3,32}$/)
    .description('first admin, created once at start'),
  ADMIN_EMAIL: Joi.string().email({ tlds: false }).max(254).description('address of the first admin'),
  ADMIN_PASSWORD: Joi.string()
    .min(8)
    .max(72, 'utf8')
    .description('password of the first admin; change it after the first login'),
  USER_INTERNAL_URL: list().default([]).description('second listeners of user, which holds the profiles'),
})
  .and('ADMIN_USERNAME', 'ADMIN_EMAIL', 'ADMIN_PASSWORD')
  .oxor('JWT_PRIVATE_KEY', 'JWT_PRIVATE_KEY_FILE')
  .oxor('JWT_PREVIOUS_PUBLIC_KEYS', 'JWT_PREVIOUS_PUBLIC_KEYS_FILE')
  .custom(keyFits);

export const config = (): Config => readConfig(schema, process.env);
