import type { FactsRunner, Signals, TypingNotices } from '@chatapi/bus';
import type { Base, RecurringTask } from '@chatapi/kit';
import type { FileLinks } from '@chatapi/kit/auth';
import type { Knex, PipelinedPool, Pool, Redis } from '@chatapi/kit/data';
import type { ServiceClient } from '@chatapi/kit/rpc';
import type { LRUCache } from 'lru-cache';
import type { BeforeMessage } from './before-message/before-message.ts';
import type { MessageConfig } from './config.ts';
import type { KeyedMutex } from './log/keyed-mutex.ts';
import type { Publisher } from './log/publisher.ts';
import type { MessageMetrics } from './metrics.ts';
import type { AccessCache } from './sending/access-cache.ts';
import type { SendResult } from './sending/message-row.ts';
import type { Batcher } from './sending/send-batcher.ts';
import type { Draft } from './sending/send-body.ts';
import type { WordFilter } from './word-filter/word-list.ts';

export interface Context extends Base<MessageConfig> {
  db: Knex;
  /** For sends, with prepared statements. Slow searches do not delay it. */
  sending: Pool;
  /** For positions, and for rooms and presence of connecting users. */
  pool: Pool;
  /**
   * For frequent reads, with prepared statements: pages, messages, permissions. Separate from
   * sends.
   */
  reads: PipelinedPool;
  /** For searches, which may be slow and must not delay others. */
  searches: Pool;
  redis: Redis;
  auth: ServiceClient;
  file: ServiceClient;
  links: FileLinks;
  facts: FactsRunner;
  signals: Signals;
  typing: TypingNotices;
  publisher: Publisher;
  access: AccessCache;
  /** Users known to be members of `general`. */
  inGeneral: LRUCache<string, true>;
  sends: Batcher<Draft, SendResult>;
  /** Serializes changes per room. */
  mutex: KeyedMutex;
  messageMetrics: MessageMetrics;
  words: WordFilter;
  beforeMessage: BeforeMessage;
  upkeep: RecurringTask;
  erasures: RecurringTask;
  admissions: RecurringTask;
  backfill: RecurringTask;
  naming: RecurringTask;
  peopleChanges: RecurringTask;
  generalCount: RecurringTask;
}
