// What the relay and the worker share: options, Redis names, the form of a fact in a queue.

import type { Log, Metrics } from '@chatapi/kit';
import type { ServiceKeys } from '@chatapi/kit/auth';
import type { Redis } from 'ioredis';
import type { Knex } from 'knex';
import type { FactHandlers, ServiceName } from './fact-types.ts';

export interface FactsOptions {
  service: ServiceName;
  keys: ServiceKeys;
  db: Knex;
  /** Fails fast. Used to add and settle facts. */
  redis: Redis;
  /** Each call opens a blocking connection without a retry limit, for one worker. */
  openQueueRedis: () => Redis;
  handlers: FactHandlers<Knex.Transaction>;
  log: Log;
  metrics: Metrics;
}

export interface FactsRunner {
  /** Reads the outbox now or in at most `inMs` milliseconds. Call it after a commit with a fact. */
  nudge(inMs?: number): void;
  close(): Promise<void>;
}

export const PREFIX = '{chatapi}';
export const queueOf = (service: ServiceName): string => `facts-${service}`;
/** List of signed settlements. */
export const settlementsKey = (publisher: ServiceName): string => `chatapi:settlements:${publisher}`;
/** The same without signatures, as the release before writes and reads it. */
export const legacySettledKey = (publisher: ServiceName): string => `chatapi:settled:${publisher}`;

/** Delay of the relay after facts were handled: handlers may have published others. */
export const TOLD_MS = 200;
/** Maximum number of facts in one transaction. */
export const BATCH = 200;
