import type { FactsRunner, Followers, LogSource } from '@chatapi/bus';
import type { Base, RecurringTask } from '@chatapi/kit';
import type { Knex, Redis } from '@chatapi/kit/data';
import type { Egress } from '@chatapi/kit/egress';
import type { ServiceClient } from '@chatapi/kit/rpc';
import type { KnownHook } from './before-message/known-hook.ts';
import type { Config } from './config.ts';
import type { KnownWebhooks } from './webhooks/known-webhooks.ts';

export interface Context extends Base<Config> {
  db: Knex;
  redis: Redis;
  egress: Egress;
  auth: ServiceClient;
  message: ServiceClient;
  facts: FactsRunner;
  source: LogSource;
  known: KnownWebhooks;
  knownHook: KnownHook;
  followers: Followers;
  jobs: RecurringTask[];
}
