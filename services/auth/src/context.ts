import type { FactsRunner } from '@chatapi/bus';
import type { Base, RecurringTask } from '@chatapi/kit';
import type { Knex, PipelinedPool, Redis } from '@chatapi/kit/data';
import type { Egress } from '@chatapi/kit/egress';
import type { ServiceClient } from '@chatapi/kit/rpc';
import type { Config } from './config.ts';
import type { KeySets } from './issuers/key-sets.ts';
import type { MailMetrics } from './mail/mail-metrics.ts';
import type { Hasher } from './password-hasher.ts';
import type { RevocationFeed } from './revocation-feed.ts';
import type { Signer } from './sign-access-token.ts';

export interface Context extends Base<Config> {
  db: Knex;
  /** For frequent polls: revocations and expired bans. */
  reads: PipelinedPool;
  redis: Redis;
  revocationFeed: RevocationFeed;
  facts: FactsRunner;
  hasher: Hasher;
  signer: Signer;
  users: ServiceClient;
  egress: Egress;
  keySets: KeySets;
  mailMetrics: MailMetrics;
  mailJob: RecurringTask;
  sweeps: RecurringTask;
}
