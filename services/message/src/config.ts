import {
  type BaseConfig,
  baseSettings,
  databaseSettings,
  internalUrls,
  type MigrationConfig,
  migrationSettings,
  readConfig,
} from '@chatapi/kit';
import { type FileLinkSettings, fileLinkSettings } from '@chatapi/kit/auth';
import type { DbSettings } from '@chatapi/kit/data';
import Joi from 'joi';

export interface MessageConfig extends BaseConfig, DbSettings, FileLinkSettings {
  AUTH_INTERNAL_URL: string[];
  FILE_INTERNAL_URL: string[];
  INTEGRATION_INTERNAL_URL: string[];
  LOG_RETENTION_DAYS: number;
}

export const schema: Joi.ObjectSchema<MessageConfig> = Joi.object<MessageConfig>({
  ...baseSettings('message', 8003),
  ...databaseSettings(),
  AUTH_INTERNAL_URL: internalUrls()
    .default(['http://127.0.0.1:9001'])
    .description('internal URLs of auth, comma-separated'),
  FILE_INTERNAL_URL: internalUrls()
    .default(['http://127.0.0.1:9004'])
    .description('internal URLs of file, comma-separated'),
  INTEGRATION_INTERNAL_URL: internalUrls()
    .default(['http://127.0.0.1:9006'])
    .description('internal URLs of integration, comma-separated'),
  ...fileLinkSettings(),
  LOG_RETENTION_DAYS: Joi.number()
    .greater(0)
    .max(36_500)
    .default(30)
    .description('days for which room events can be replayed; fractions allowed. Messages are stored without a limit'),
});

export const config = (): MessageConfig => readConfig(schema, process.env);

export const migrationConfig = (): MigrationConfig => readConfig(migrationSettings, process.env);
