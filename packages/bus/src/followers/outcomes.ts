// Collects outcomes and records them together: positions and effects commit as one, many at a time.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '@chatapi/kit';
import type { Knex } from 'knex';
import { type Move, movePositions } from './position-store.ts';

export interface Outcomes<E> {
  /** Of one room: its last position replaces those before. */
  add(move: Move, effect?: E): void;
  /** Resolves when what was added until now is committed; waits while the database is away. */
  committed(): Promise<void>;
}

const GATHER_MS = 10;
const RETRY_MS = 500;

interface Batch<E> {
  moves: Map<string, Move>;
  effects: E[];
  done: PromiseWithResolvers<void>;
}

export function createOutcomes<E>(db: Knex, record: (trx: Knex, effects: E[]) => Promise<void>, log: Log): Outcomes<E> {
  const emptyBatch = (): Batch<E> => ({ moves: new Map(), effects: [], done: Promise.withResolvers<void>() });
  let batch = emptyBatch();
  let last: Promise<void> = Promise.resolve();
  let running = false;

  async function write({ moves, effects }: Batch<E>): Promise<void> {
    for (;;)
      try {
        await db.transaction(async (trx) => {
          await movePositions(trx, [...moves.values()]);
          await record(trx, effects);
        });
        return;
      } catch (err) {
        log.debug({ err: (err as Error).message }, 'outcomes of followers not recorded; will retry');
        await sleep(RETRY_MS);
      }
  }

  async function run(): Promise<void> {
    while (batch.moves.size > 0) {
      await sleep(GATHER_MS);
      const taken = batch;
      batch = emptyBatch();
      await write(taken);
      taken.done.resolve();
    }
    running = false;
  }

  return {
    add(move, effect) {
      batch.moves.set(`${move.follower} ${move.room_id}`, move);
      if (effect !== undefined) batch.effects.push(effect);
      last = batch.done.promise;
      if (running) return;
      running = true;
      void run();
    },
    committed: () => last,
  };
}
