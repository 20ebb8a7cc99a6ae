import {
  type BaseConfig,
  baseSettings,
  type DbSettings,
  databaseSettings,
  type FileLinkSettings,
  fileLinkSettings,
  list,
  readConfig,
} from '@chatapi/kit';
import Joi from 'joi';

export interface MessageConfig extends BaseConfig, DbSettings, FileLinkSettings {
  AUTH_INTERNAL_URL: string[];
  FILE_INTERNAL_URL: string[];
  LOG_RETENTION_DAYS: number;
}

export const schema: Joi.ObjectSchema<MessageConfig> = Joi.object<MessageConfig>({
  ...baseSettings('message', 8003),
  ...databaseSettings(),
  AUTH_INTERNAL_URL: list().default(['http://127.0.0.1:9001']).description('second listeners of auth, comma-separated'),
  FILE_INTERNAL_URL: list().default(['http://127.0.0.1:9004']).description('second listeners of file, comma-separated'),
  ...fileLinkSettings(),
  LOG_RETENTION_DAYS: Joi.number()
    .greater(0)
    .max(36_500)
    .default(30)
    .description('days that room events stay replayable; history is kept for ever. Fractions are allowed'),
});

export const config = (): MessageConfig => readConfig(schema, process.env);
