// Runs a service inside a test process: settings, a schema, its routes over HTTP.
import type Joi from 'joi';
import knex from 'knex';
import type { ServiceName } from '../auth/service-keys.ts';
import type { BaseConfig } from '../config.ts';
import { type DbSettings, migrate, type Schema } from '../data/index.ts';
import { type Base, createApp, createLog, createMetrics, type Route, router, type SecuritySink } from '../index.ts';
import { testKeys } from './identities.ts';
import { type StubServer, startStubServer } from './stub-server.ts';

/** @throws Joi.ValidationError which names the settings that are missing or wrong. */
export function parseSettings<T>(schema: Joi.ObjectSchema<T>, env: Record<string, unknown>): T {
  const { value, error } = schema.validate(env, { stripUnknown: true, convert: true, abortEarly: false });
  if (error !== undefined) throw error;
  return value as T;
}

/** The base that kit passes to a service's `open`; logs nothing unless LOG_LEVEL is set. */
export const testBase = <F extends BaseConfig>(service: ServiceName, config: F, logLevel = 'silent'): Base<F> => ({
  config,
  keys: testKeys(service),
  log: createLog(service, 'test', logLevel),
  metrics: createMetrics(service, 'test'),
});

/** For what needs a log and metrics and a test that reads neither. */
export const silentSink = (): SecuritySink => ({
  log: createLog('test', 'test', 'silent'),
  metrics: createMetrics('test', 'test'),
});

let schemas = 0;

export interface TestSchema {
  name: string;
  drop(): Promise<void>;
}

/**
 * A migrated schema of the test's own in the database of `config`.
 * @param shared name of a schema that another test made and drops: it is entered as it is.
 */
export async function createTestSchema(
  service: string,
  config: DbSettings,
  schema: Schema,
  shared?: string,
): Promise<TestSchema> {
  if (shared !== undefined) return { name: shared, drop: async () => undefined };
  const name = `${service}_test_${process.pid}_${schemas++}`;
  const db = knex({ client: 'pg', connection: config.DATABASE_URL, pool: { min: 0, max: 1 } });
  await db.raw('create schema ??', [name]);
  await migrate(config, { ...schema, name }, createLog(service, 'test', 'silent'));
  return {
    name,
    async drop() {
      await db.raw('drop schema ?? cascade', [name]);
      await db.destroy();
    },
  };
}

/** The routes behind HTTP. */
export const serveRoutes = <C>({
  ctx,
  routes,
}: {
  ctx: C & Pick<Base, 'keys' | 'log' | 'metrics'>;
  routes: Route<C>[];
}): Promise<StubServer> =>
  startStubServer(createApp({ log: ctx.log, mount: (app) => void app.use(router(ctx, ctx.keys, routes)) }));
