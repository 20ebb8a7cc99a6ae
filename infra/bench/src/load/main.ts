// The load generator: a process of its own, whose time is not counted. One order, one result, then it is ended.
import type { Order, Place, Result, Told, Work } from '../work.ts';
import { cutLoad } from './cut.ts';
import { historyLoad } from './history.ts';
import { idleLoad } from './idle.ts';
import { loginsLoad } from './logins.ts';
import { pairsLoad } from './pairs.ts';
import { restLoad } from './rest.ts';
import { aSecondOf, paced, roomLoad, saturated } from './room.ts';
import { silentLoad } from './silent.ts';
import { speakLoad } from './speak.ts';
import { stillLoad } from './still.ts';

const tell = (told: Told): void => void process.send?.(told);

/** Waits until the parent has noted the CPU times. */
const begin = (kill?: boolean): Promise<void> =>
  new Promise((resolve) => {
    process.once('message', () => resolve());
    tell({ told: 'begin', kill });
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
    .then((result) => tell({ told: 'done', result }))
    .catch((error: Error) => tell({ told: 'failed', reason: error.message }));
});
