import { type BaseConfig, baseSettings, type DbSettings, databaseSettings, list, readConfig } from '@chatapi/kit';
import Joi from 'joi';

export interface Config extends BaseConfig, DbSettings {
  AUTH_INTERNAL_URL: string[];
}

export const schema = Joi.object<Config>({
  ...baseSettings('user', 8002),
  ...databaseSettings(),
  AUTH_INTERNAL_URL: list().required().description('second listeners of auth, which holds the accounts'),
});

export const config = (): Config => readConfig(schema, process.env);
