import type { FactsRunner } from '@chatapi/bus';
import type { Base, RecurringTask } from '@chatapi/kit';
import type { Knex, Redis } from '@chatapi/kit/data';
import type { ServiceClient } from '@chatapi/kit/rpc';
import type { Config } from './config.ts';

export interface Context extends Base<Config> {
  db: Knex;
  redis: Redis;
  facts: FactsRunner;
  auth: ServiceClient;
  nameFolding: RecurringTask;
  avatarTelling: RecurringTask;
}
