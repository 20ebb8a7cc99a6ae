// The words of followers of the log: who follows, from where it reads, what it does with an event.
import type { Log, Metrics } from '@chatapi/kit';
import type { Redis } from 'ioredis';
import type { Knex } from 'knex';

export interface Follower {
  id: string;
  /** Events after this time (ms, by the clock of the log) are its; 0: all. */
  from: number;
  /** Only these rooms; null: all. Rooms whose names begin with `~` are not the log's: always. */
  rooms: string[] | null;
  /** false: its heads are noted, and nothing is handled. */
  active: boolean;
}

export interface LogEvent {
  /** Of the log: equal seqs of another epoch are other events. */
  epoch: string;
  seq: number;
  frame: string;
  /** When it was written, in ms. */
  at: number;
}

export interface LogPage {
  id: string;
  epoch: string;
  /** Of the oldest event that the log has. */
  first_seq: number;
  last_seq: number;
  events: LogEvent[];
}

export interface SeqAt {
  seq: number;
  complete: boolean;
}

type Heads = Record<string, number>;

/** The service with the log, as its followers ask it. All of them throw when it is away. */
export interface LogSource {
  /** `redis`: whether facts leave the instance that answered at once. */
  renew(follows: boolean): Promise<{ now: number; redis: boolean }>;
  notTold(since: number): Promise<Heads>;
  /** A page of all rooms, without those that did not move since then. */
  moves(since: number, after: string, limit: number): Promise<{ heads: Heads; next: string | null }>;
  seqsAt(rooms: string[], at: number): Promise<Record<string, SeqAt>>;
  read(rooms: { id: string; after: number }[], limit: number): Promise<LogPage[]>;
}

/** `gap`: the log no longer has the events from `from` up to and including `seq`. */
export type Item = ({ kind: 'event' } & LogEvent) | { kind: 'gap'; epoch: string; from: number; seq: number };

export interface Task {
  follower: string;
  room: string;
  item: Item;
  /** 0 for the first. */
  attempt: number;
  /** Since when the item has failed. */
  failing_since: Date | null;
}

/**
 * What became of an item. `passed`: it was of no interest. `again`: the same item is due again. An
 * effect is recorded together with the new position. `stopped`: the follower handles nothing more.
 */
export type Outcome<E> =
  | { kind: 'done'; effect: E }
  | { kind: 'passed' }
  | { kind: 'again'; inMs: number; effect: E }
  | { kind: 'stopped'; effect?: E };

export interface FollowersOptions<E> {
  db: Knex;
  redis: Redis;
  source: LogSource;
  /** Unique per process. */
  instance: string;
  /** All followers, read from the database. */
  read(db: Knex): Promise<Follower[]>;
  /** Items that one follower handles at a time, over all instances. One at a time per room. */
  parallel: number;
  handle(task: Task): Promise<Outcome<E>>;
  /** Records effects in the transaction that moves the positions. */
  record(trx: Knex, effects: E[]): Promise<void>;
  log: Log;
  metrics: Metrics;
}
