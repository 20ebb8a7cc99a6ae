// One lane per instance, with one batch in flight each. Items of one key keep their order, also
// when the instances change: a key that moves to another lane waits until its old lane has finished
// what it held at that moment.
import { createInFlightBatch, type InFlightBatch } from './in-flight-batch.ts';
import { instanceFor } from './rendezvous.ts';

export interface LaneOptions<T> {
  /** The instances now: the same array until they change. */
  instances(): readonly string[];
  keyOf(item: T): string;
  bytesOf(item: T): number;
  /** Sends a batch, beginning with the instance `home`; must not throw. */
  send(home: string, batch: T[]): Promise<void>;
}

export interface Lanes<T> {
  push(item: T): void;
  busy(): boolean;
}

/** The home of all keys while there is no instance. */
const NOWHERE = '';

const homeOf = (key: string, instances: readonly string[]): string => instanceFor(key, instances) ?? NOWHERE;

interface Move {
  from: readonly string[];
  /** Items that wait, by their old home. */
  held: Map<string, unknown[]>;
}

export function createLanes<T>({ instances, keyOf, bytesOf, send }: LaneOptions<T>): Lanes<T> {
  const lanes = new Map<string, InFlightBatch<T>>();
  let list = instances();
  let move: Move | undefined;

  function laneOf(home: string): InFlightBatch<T> {
    let lane = lanes.get(home);
    if (lane === undefined) {
      lane = createInFlightBatch<T>((batch) => send(home, batch), bytesOf);
      lanes.set(home, lane);
    }
    return lane;
  }

  function forgetUnused(): void {
    for (const [home, lane] of lanes) if (!lane.busy() && !list.includes(home)) lanes.delete(home);
  }

  function release({ held }: Move, home: string): void {
    const items = held.get(home) as T[];
    held.delete(home);
    for (const item of items) laneOf(homeOf(keyOf(item), list)).push(item);
    if (held.size > 0) return;
    move = undefined;
    forgetUnused();
  }

  /** A change during a move waits for the end of the move. */
  function follow(): void {
    if (move !== undefined || instances() === list) return;
    const busy = [...lanes].filter(([, lane]) => lane.busy());
    const started: Move = { from: list, held: new Map(busy.map(([home]) => [home, []])) };
    list = instances();
    forgetUnused();
    if (busy.length === 0) return;
    move = started;
    for (const [home, lane] of busy) void lane.passed().then(() => release(started, home));
  }

  return {
    push(item) {
      follow();
      const key = keyOf(item);
      const home = homeOf(key, list);
      if (move !== undefined) {
        const old = homeOf(key, move.from);
        const held = old === home ? undefined : move.held.get(old);
        if (held !== undefined) return void held.push(item);
      }
      laneOf(home).push(item);
    },
    busy: () => move !== undefined || [...lanes.values()].some((lane) => lane.busy()),
  };
}
