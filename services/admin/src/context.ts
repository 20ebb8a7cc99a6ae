import type { FactsRunner, Signals } from '@chatapi/bus';
import type { Base, RecurringTask } from '@chatapi/kit';
import type { Knex, Redis } from '@chatapi/kit/data';
import type { Instances, ServiceClient } from '@chatapi/kit/rpc';
import type { Config } from './config.ts';
import type { Queues } from './queue-counts.ts';
import type { Statistics } from './statistics.ts';

/** An entry of the setting INSTANCES. */
export interface ListedInstances {
  name: string;
  service: string;
  instances: Instances;
}

export interface Context extends Base<Config> {
  db: Knex;
  redis: Redis;
  signals: Signals;
  auth: ServiceClient;
  user: ServiceClient;
  message: ServiceClient;
  file: ServiceClient;
  facts: FactsRunner;
  queues: Queues;
  listed: ListedInstances[];
  sweeps: RecurringTask[];
  /** Figures that nodes push to staff. */
  shown: { at: number; figures?: Promise<Statistics> };
}
