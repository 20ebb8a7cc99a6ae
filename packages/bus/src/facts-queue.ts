// What the relay and the worker share: options, Redis names, the form of a fact in a queue.
import type { Redis } from 'ioredis';
import type { Knex } from 'knex';
import type { Registry } from 'prom-client';
import type { Fact, FactHandlers, ServiceName } from './catalog.ts';

interface Logger {
  warn(o: object, text: string): void;
  error(o: object, text: string): void;
}

export interface FactsOptions {
  service: ServiceName;
  db: Knex;
  /** Fails fast. Used to add and settle facts. */
  redis: Redis;
  /** Each call opens a blocking connection without a retry limit, for one worker. */
  openQueueRedis: () => Redis;
  handlers: FactHandlers<Knex.Transaction>;
  log: Logger;
  metrics: Registry;
}

export interface FactsRunner {
  /** Reads the outbox now or in at most `inMs` milliseconds. Call it after a commit with a fact. */
  nudge(inMs?: number): void;
  close(): Promise<void>;
}

/** With its publisher: a subscriber of an older version can't look up an unknown name. */
export type QueuedFact = Fact & { from: ServiceName };

export const PREFIX = '{chatapi}';
export const queueOf = (service: ServiceName): string => `facts-${service}`;
export const settledKey = (publisher: ServiceName): string => `chatapi:settled:${publisher}`;

/** Delay of the relay after facts were handled: handlers may have published others. */
export const TOLD_MS = 200;
/** Maximum number of facts in one transaction. */
export const BATCH = 200;
