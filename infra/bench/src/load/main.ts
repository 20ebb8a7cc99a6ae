// The load generator: a separate process whose CPU time is not counted. Gets one order, returns one
// result, then is ended.
import type { LoadMessage, Order, Place, Result, Work } from '../workload.ts';
import { historyLoad } from './history.ts';
import { idleLoad } from './idle.ts';
import { cutLoad } from './killed-node.ts';
import { loginsLoad } from './logins.ts';
import { speakLoad } from './many-rooms.ts';
import { silentLoad } from './memberless-node.ts';
import { stillLoad } from './no-load.ts';
import { pairsLoad } from './pairs.ts';
import { restLoad } from './rest.ts';
import { aSecondOf, paced, roomLoad, saturated } from './room.ts';

const send = (message: LoadMessage): void => void process.send?.(message);

/** Waits until the parent has read the CPU times. */
const begin = (kill?: boolean): Promise<void> =>
  new Promise((resolve) => {
    process.once('message', () => resolve());
    send({ type: 'begin', kill });
  });

type Load<K extends Work['kind']> = (
  place: Place,
  work: Extract<Work, { kind: K }>,
  begin: (kill?: boolean) => Promise<void>,
) => Promise<Result>;

const LOADS: { [K in Work['kind']]: Load<K> } = {
  room: (place, { messages, inFlight }, go) => roomLoad(place, { run: saturated(inFlight), messages }, go),
  paced: (place, { messages, perSecond }, go) =>
    roomLoad(place, { run: paced(perSecond), messages, warmUp: aSecondOf(perSecond) }, go),
  pairs: pairsLoad,
  rest: restLoad,
  idle: idleLoad,
  cut: (place, work, go) => cutLoad(place, work, () => go(true)),
  history: historyLoad,
  silent: silentLoad,
  logins: loginsLoad,
  still: stillLoad,
  speak: speakLoad,
};

process.once('disconnect', () => process.exit(0));
process.once('message', ({ place, work }: Order) => {
  (LOADS[work.kind] as Load<any>)(place, work, begin)
    .then((result) => send({ type: 'done', result }))
    .catch((error: Error) => send({ type: 'failed', reason: error.message }));
});
