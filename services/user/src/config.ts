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
import Joi from 'joi';

export interface Config extends BaseConfig, DbSettings {
  AUTH_INTERNAL_URL: string[];
}

export const schema = Joi.object<Config>({
  ...baseSettings('user', 8002),
  ...databaseSettings(),
  AUTH_INTERNAL_URL: internalUrls().required().description('internal listeners of the auth service'),
});

export const config = (): Config => readConfig(schema, process.env);

export const migrationConfig = (): MigrationConfig => readConfig(migrationSettings, process.env);
