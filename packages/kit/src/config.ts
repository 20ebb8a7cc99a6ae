import Joi from 'joi';

const SAMPLE_SECRET = /^(your-secret-key-here|changeme|secret|password|example|sample)/i;

/** A secret of at least 32 bytes that is no sample from a document: there is no default anywhere. */
export const secret = (): Joi.StringSchema =>
  Joi.string()
    .custom((value: string, h) => {
      if (SAMPLE_SECRET.test(value) || new Set(value).size < 8) return h.error('secret.sample');
      return Buffer.byteLength(value) < 32 ? h.error('secret.short') : value;
    })
    .messages({
      'secret.sample': '{{#label}} is a sample or trivial value: make one with `openssl rand -base64 48`',
      'secret.short': '{{#label}} must have at least 32 bytes: make one with `openssl rand -base64 48`',
    });

/** Comma-separated values, trimmed, empty ones dropped. */
export const list = (): Joi.Schema<string[]> =>
  Joi.any()
    .custom((value: unknown) =>
      String(value)
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== ''),
    )
    .meta({ list: true }) as unknown as Joi.Schema<string[]>;

/** What every service reads, whatever it does. */
export interface BaseConfig {
  INSTANCE: string;
  HOST?: string;
  INTERNAL_HOST?: string;
  PORT: number;
  INTERNAL_PORT: number;
  REDIS_URL: string;
  INTERNAL_SECRET_KEY: string;
  LOG_LEVEL: string;
  CHATAPI_SUPERVISED: boolean;
}

/** Keys for `Joi.object<Config>({...baseSettings('user', 8002), …})`. `port` is the main listener, port+1000 the second. */
export const baseSettings = (service: string, port: number) => ({
  INSTANCE: Joi.string().default(service).description('name of this instance in logs, health and cluster.json'),
  HOST: Joi.string().description('address to listen on; unset: all, IPv4 and IPv6'),
  INTERNAL_HOST: Joi.string().description('address of the second listener; unset: as HOST'),
  PORT: Joi.number().port().default(port).description('main listener'),
  INTERNAL_PORT: Joi.number()
    .port()
    .default(port + 1000)
    .description('second listener: health, metrics, internal calls'),
  REDIS_URL: Joi.string()
    .uri({ scheme: ['redis', 'rediss'] })
    .required()
    .description('Redis for signals, queues and limits'),
  INTERNAL_SECRET_KEY: secret().required().description('seals identities between services; the same for all of them'),
  LOG_LEVEL: Joi.string()
    .valid('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent')
    .default('info')
    .description('least severe lines that are written'),
  CHATAPI_SUPERVISED: Joi.boolean().default(false).description('set by the local cluster: end when its runner ends'),
});

export const databaseSettings = () => ({
  DATABASE_URL: Joi.string()
    .uri({ scheme: ['postgres', 'postgresql'] })
    .required()
    .description('PostgreSQL, as this service’s own role'),
  DATABASE_POOL: Joi.number()
    .integer()
    .min(2)
    .max(200)
    .default(10)
    .description('most connections to PostgreSQL per instance'),
});

/**
 * Parses the environment once, at start. On any fault it names every bad setting with what was expected and ends the
 * process with code 78 (EX_CONFIG): a service with half a configuration must not come up.
 */
export function readConfig<T>(schema: Joi.ObjectSchema<T>, env: NodeJS.ProcessEnv): T {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const { value, error } = schema.validate(given, { abortEarly: false, stripUnknown: true, convert: true });
  if (error === undefined) return value as T;
  for (const { message } of error.details) process.stderr.write(`config: ${message}\n`);
  process.exit(78);
}
