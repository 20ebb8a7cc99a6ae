import { type BaseConfig, baseSettings, type DbSettings, databaseSettings, list, readConfig } from '@chatapi/kit';
import Joi from 'joi';

export interface Instance {
  name: string;
  service: string;
  internal_url: string;
}

export interface Config extends BaseConfig, DbSettings {
  INSTANCES: Instance[];
  AUTH_INTERNAL_URL: string[];
  USER_INTERNAL_URL: string[];
  MESSAGE_INTERNAL_URL: string[];
  FILE_INTERNAL_URL: string[];
  DISK_PATH: string;
}

const instances = Joi.array().items(
  Joi.object({
    name: Joi.string().required(),
    service: Joi.string().required(),
    internal_url: Joi.string()
      .uri({ scheme: ['http', 'https'] })
      .required(),
  }),
);

/** A JSON list in one variable. */
const instanceList = (): Joi.Schema<Instance[]> =>
  Joi.any()
    .custom((value: unknown, h) => {
      try {
        const result = instances.validate(JSON.parse(String(value)));
        return result.error === undefined ? result.value : h.error('instances.shape');
      } catch {
        return h.error('instances.shape');
      }
    })
    .messages({
      'instances.shape': '{{#label}} must be a JSON list of objects with name, service and internal_url',
    }) as unknown as Joi.Schema<Instance[]>;

export const schema = Joi.object<Config>({
  ...baseSettings('admin', 8005),
  ...databaseSettings(),
  INSTANCES: instanceList().default([]).description('JSON list of every service instance, which system health asks'),
  AUTH_INTERNAL_URL: list().default(['http://localhost:9001']).description('second listeners of the auth service'),
  USER_INTERNAL_URL: list().default(['http://localhost:9002']).description('second listeners of the user service'),
  MESSAGE_INTERNAL_URL: list()
    .default(['http://localhost:9003'])
    .description('second listeners of the message service'),
  FILE_INTERNAL_URL: list().default(['http://localhost:9004']).description('second listeners of the file service'),
  DISK_PATH: Joi.string().default('.').description('a folder on the disk whose room system health shows'),
});

export const config = (): Config => readConfig(schema, process.env);
