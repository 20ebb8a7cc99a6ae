import type { FactsRunner } from '@chatapi/bus';
import type { Base } from '@chatapi/kit';
import type { FileLinks } from '@chatapi/kit/auth';
import type { Knex, Redis } from '@chatapi/kit/data';
import type { ServiceClient } from '@chatapi/kit/rpc';
import type { Config } from './config.ts';
import type { RowJobs } from './jobs/row-jobs.ts';
import type { Storage } from './storage/storage.ts';

export interface Resources extends Base<Config> {
  db: Knex;
  redis: Redis;
  storage: Storage;
  links: FileLinks;
  auth: ServiceClient;
  user: ServiceClient;
  message: ServiceClient;
  admin: ServiceClient;
  facts: FactsRunner;
}

export interface Context extends Resources {
  thumbnails: RowJobs;
  /** Undefined without a scanner. */
  scans?: RowJobs;
  exports: RowJobs;
  closeJobs(): Promise<void>;
}
