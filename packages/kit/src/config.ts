import Joi from 'joi';
import { type ServiceKeySettings, serviceKeySettings } from './auth/service-keys.ts';
import type { DbSettings } from './data/database.ts';
import { isDnsServer, listOf } from './list-settings.ts';
import { fromFile, readSecretFiles } from './secret-files.ts';

const SAMPLE_SECRET = /^(your-secret-key-here|changeme|secret|password|example|sample)/i;

/** A secret of at least 32 bytes that is no sample value. No secret has a default. */
export const secret = (): Joi.StringSchema =>
  fromFile(Joi.string())
    .custom((value: string, h) => {
      if (SAMPLE_SECRET.test(value) || new Set(value).size < 8) return h.error('secret.sample');
      return Buffer.byteLength(value) < 32 ? h.error('secret.short') : value;
    })
    .messages({
      'secret.sample': '{{#label}} is a sample or trivial value: generate one with `openssl rand -base64 48`',
      'secret.short': '{{#label}} must have at least 32 bytes: generate one with `openssl rand -base64 48`',
    });

/** The settings of every service. */
export interface BaseConfig extends ServiceKeySettings {
  INSTANCE: string;
  HOST?: string;
  INTERNAL_HOST?: string;
  PORT: number;
  INTERNAL_PORT: number;
  REDIS_URL: string;
  LOG_LEVEL: string;
  DRAIN_MS: number;
  DNS_SERVERS: string[];
  CHATAPI_SUPERVISED: boolean;
}

const logSettings = () => ({
  LOG_LEVEL: Joi.string()
    .valid('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent')
    .default('info')
    .description('minimum log level'),
});

/**
 * Keys for `Joi.object<Config>({...baseSettings('user', 8002), …})`. `port` is the main listener's
 * port, `port + 1000` the internal listener's.
 */
export const baseSettings = (service: string, port: number) => ({
  INSTANCE: Joi.string()
    .default(service)
    .description('name of this instance in logs, health responses and cluster.json'),
  HOST: Joi.string().description('address of the main listener (default: all, IPv4 and IPv6)'),
  INTERNAL_HOST: Joi.string().description('address of the internal listener (default: HOST)'),
  PORT: Joi.number().port().default(port).description('port of the main listener'),
  INTERNAL_PORT: Joi.number()
    .port()
    .default(port + 1000)
    .description('port of the internal listener: health, metrics, RPC calls'),
  REDIS_URL: fromFile(Joi.string())
    .uri({ scheme: ['redis', 'rediss'] })
    .required()
    .description('Redis URL, for pub/sub, queues and rate limits'),
  ...serviceKeySettings(),
  ...logSettings(),
  DRAIN_MS: Joi.number()
    .integer()
    .min(0)
    .max(300_000)
    .default(5000)
    .description('maximum time that clients have to leave a stopping instance, in milliseconds'),
  DNS_SERVERS: listOf('an IP address, or one with a port, such as 10.0.0.53 or 10.0.0.53:5353', isDnsServer)
    .default([])
    .description('DNS servers for `dns+http://` URLs, as address or address:port; default: those of the system'),
  CHATAPI_SUPERVISED: Joi.boolean().default(false).description('set by the local cluster: exit when its runner exits'),
});

export const databaseSettings = () => ({
  DATABASE_URL: fromFile(Joi.string())
    .uri({ scheme: ['postgres', 'postgresql'] })
    .required()
    .description('PostgreSQL URL, with this service’s own role'),
  DATABASE_PASSWORD_PREVIOUS: fromFile(Joi.string()).description(
    'another password of the role, for when PostgreSQL refuses that of DATABASE_URL',
  ),
  DATABASE_POOL: Joi.number()
    .integer()
    .min(2)
    .max(200)
    .default(10)
    .description('maximum PostgreSQL connections per instance'),
});

/** The settings of a service's migrations. */
export interface MigrationConfig extends DbSettings {
  LOG_LEVEL: string;
}

export const migrationSettings: Joi.ObjectSchema<MigrationConfig> = Joi.object<MigrationConfig>({
  ...databaseSettings(),
  ...logSettings(),
});

/**
 * Parses the environment at start. Prints every invalid setting with what was expected and ends the
 * process with code 78 (EX_CONFIG), because a service must not run with half a configuration.
 */
export function readConfig<T>(schema: Joi.ObjectSchema<T>, env: NodeJS.ProcessEnv): T {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const files = readSecretFiles(schema, given);
  const { value, error } = schema.validate(files.env, { abortEarly: false, stripUnknown: true, convert: true });
  const faults = [...files.faults, ...(error?.details ?? []).map(({ message }) => message)];
  if (faults.length === 0) return value as T;
  for (const fault of faults) process.stderr.write(`config: ${fault}\n`);
  process.exit(78);
}
