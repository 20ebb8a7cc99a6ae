import {
  type BaseConfig,
  baseSettings,
  databaseSettings,
  internalUrls,
  type MigrationConfig,
  migrationSettings,
  readConfig,
} from '@chatapi/kit';
import type { DbSettings } from '@chatapi/kit/data';
import { type EgressSettings, egressSettings } from '@chatapi/kit/egress';
import Joi from 'joi';

export interface Config extends BaseConfig, DbSettings, EgressSettings {
  AUTH_INTERNAL_URL: string[];
  MESSAGE_INTERNAL_URL: string[];
}

export const schema: Joi.ObjectSchema<Config> = Joi.object<Config>({
  ...baseSettings('integration', 8006),
  ...databaseSettings(),
  ...egressSettings(),
  AUTH_INTERNAL_URL: internalUrls()
    .default(['http://localhost:9001'])
    .description('internal listeners of the auth service'),
  MESSAGE_INTERNAL_URL: internalUrls()
    .default(['http://localhost:9003'])
    .description('internal listeners of the message service'),
});

export const config = (): Config => readConfig(schema, process.env);

export const migrationConfig = (): MigrationConfig => readConfig(migrationSettings, process.env);
