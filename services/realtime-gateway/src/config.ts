import {
  type AccessSettings,
  type BaseConfig,
  baseSettings,
  type FileLinkSettings,
  fileLinkSettings,
  list,
  readConfig,
  secret,
} from '@chatapi/kit';
import Joi from 'joi';

export interface Config extends BaseConfig, AccessSettings, FileLinkSettings {
  RATE_LIMIT_WS_MESSAGES: number;
  ALLOWED_ORIGINS: string[];
  DRAIN_MS: number;
  AUTH_INTERNAL_URL: string[];
  USER_INTERNAL_URL: string[];
  MESSAGE_INTERNAL_URL: string[];
}

export const schema = Joi.object<Config>({
  ...baseSettings('realtime-gateway', 8101),
  JWT_ALGORITHM: Joi.string()
    .valid('HS256', 'RS256', 'EdDSA')
    .default('HS256')
    .description('how access tokens are signed'),
  JWT_SECRET_KEY: secret()
    // biome-ignore lint/suspicious/noThenProperty: Joi's own word
    .when('JWT_ALGORITHM', { is: 'HS256', then: Joi.required() })
    .description('verifies access tokens with HS256; at least 32 bytes, no default'),
  JWT_SECRET_KEY_PREVIOUS: secret().description('still verifies after a change of JWT_SECRET_KEY'),
  RATE_LIMIT_WS_MESSAGES: Joi.number()
    .integer()
    .min(0)
    .max(1_000_000)
    .default(60)
    .description('messages a minute and user over all nodes; 0 turns the limit off'),
  ALLOWED_ORIGINS: list()
    .default(['http://localhost:3000', 'https://chatapp.com'])
    .description('origins whose pages may connect, comma-separated; `*` for any'),
  DRAIN_MS: Joi.number()
    .integer()
    .min(0)
    .max(10_000)
    .default(5000)
    .description('most milliseconds over which a stopping node closes its connections'),
  ...fileLinkSettings(),
  AUTH_INTERNAL_URL: list().required().description('second listeners of auth: revocations, public keys'),
  USER_INTERNAL_URL: list().required().description('second listeners of user: who was last seen when'),
  MESSAGE_INTERNAL_URL: list().required().description('second listeners of message: sends, rooms, the log'),
});

export const config = (): Config => readConfig(schema, process.env);
