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
  ADMIN_MESSAGE_SEARCH: 'on' | 'off';
}

const instances = Joi.array().items(
  Joi.object({
    name: Joi.string().required(),
    service: Joi.string().required(),
    internal_url: Joi.string()
      .uri({ scheme: ['http', 'https', 'dns+http'] })
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
  INSTANCES: instanceList().default([]).description('JSON list of all service instances that system health checks'),
  AUTH_INTERNAL_URL: internalUrls()
    .default(['http://localhost:9001'])
    .description('internal listeners of the auth service'),
  USER_INTERNAL_URL: internalUrls()
    .default(['http://localhost:9002'])
    .description('internal listeners of the user service'),
  MESSAGE_INTERNAL_URL: internalUrls()
    .default(['http://localhost:9003'])
    .description('internal listeners of the message service'),
  FILE_INTERNAL_URL: internalUrls()
    .default(['http://localhost:9004'])
    .description('internal listeners of the file service'),
  DISK_PATH: Joi.string().default('.').description('folder on the disk whose free space system health shows'),
  ADMIN_MESSAGE_SEARCH: Joi.string()
    .valid('on', 'off')
    .default('off')
    .description('whether admins may search the messages of all rooms, for legal requests; each use is on record'),
});

export const config = (): Config => readConfig(schema, process.env);

export const migrationConfig = (): MigrationConfig => readConfig(migrationSettings, process.env);
