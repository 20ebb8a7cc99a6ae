// The load generator: a process of its own, whose time is not counted. One order, one result, then it is ended.
import type { Order, Result, Told } from '../work.ts';
import { idleLoad } from './idle.ts';
import { pairsLoad } from './pairs.ts';
import { restLoad } from './rest.ts';
import { roomLoad } from './room.ts';

const tell = (told: Told): void => void process.send?.(told);

/** Waits until the parent has noted the CPU times. */
const begin = (): Promise<void> =>
  new Promise((resolve) => {
    process.once('message', () => resolve());
    tell({ told: 'begin' });
  });

function load({ place, work }: Order): Promise<Result> {
  switch (work.kind) {
    case 'room':
    case 'paced':
      return roomLoad(place, work, begin);
    case 'pairs':
      return pairsLoad(place, work, begin);
    case 'rest':
      return restLoad(place, work, begin);
    case 'idle':
      return idleLoad(place, work, begin);
  }
}

process.once('disconnect', () => process.exit(0));
process.once('message', (order) => {
  load(order as Order)
    .then((result) => tell({ told: 'done', result }))
    .catch((error: Error) => tell({ told: 'failed', reason: error.message }));
});
