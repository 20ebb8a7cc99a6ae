// One sender in the room of all users.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Place, Result } from '../workload.ts';
import { type Client, closeAll, connectAll } from './clients.ts';
import { type Kept, openTally } from './deliveries.ts';

/** Warm-up until the code is compiled; the same time for all systems. */
const WARM_UP_MS = 2000;
const WARM_UP_STEP = 100;
/** Latency is measured at one reader in this many: parsing every frame would load the generator. */
const SAMPLE = 20;

interface Room {
  send(): void;
  /** Resolves when every reader has received `messages` more, or nothing more arrives. */
  deliveries(messages: number): Promise<Kept>;
  latencies: number[];
  /** Called when the sender has received its own message. */
  onEcho: () => void;
}

function openRoom(clients: Client[], room: string): Room {
  const sender = clients[0] as Client;
  const sentAt = new Map<string, number>();
  let number = 0;
  let tally = openTally(clients.length, 0);
  const self: Room = {
    latencies: [],
    onEcho: () => undefined,
    send: () => {
      const key = `k${number++}`;
      sentAt.set(key, performance.now());
      sender.send({ message: `${key} and the rest of a line as people write them`, chat_id: room });
    },
    deliveries: (messages) => {
      tally = openTally(clients.length, messages);
      return tally.complete;
    },
  };
  for (const [i, client] of clients.entries()) {
    client.onMessage = (frame) => {
      if (i % SAMPLE === 1) {
        const key = /"content":"(k\d+)/.exec(frame.toString())?.[1] ?? '';
        self.latencies.push(performance.now() - (sentAt.get(key) ?? Number.NaN));
      }
      tally.arrived(i);
      if (i === 0) self.onEcho();
    };
  }
  return self;
}

type Run = (room: Room, messages: number) => Promise<Kept>;

/** A message is in flight until its sender has received it. */
export const saturated =
  (inFlight: number): Run =>
  (room, messages) => {
    const all = room.deliveries(messages);
    let left = messages;
    const next = (): void => {
      if (left-- > 0) room.send();
    };
    room.onEcho = next;
    for (let i = 0; i < inFlight; i++) next();
    return all;
  };

export const paced =
  (perSecond: number): Run =>
  async (room, messages) => {
    const all = room.deliveries(messages);
    room.onEcho = () => undefined;
    const began = performance.now();
    for (let i = 0; i < messages; i++) {
      await sleep(Math.max(0, began + (i * 1000) / perSecond - performance.now()));
      room.send();
    }
    return all;
  };

async function warmed(room: Room, run: Run): Promise<void> {
  for (const end = performance.now() + WARM_UP_MS; performance.now() < end; ) await run(room, WARM_UP_STEP);
}

/** At a fixed rate, the code was compiled by the workload before. */
export const aSecondOf =
  (perSecond: number) =>
  async (room: Room, run: Run): Promise<void> =>
    void (await run(room, perSecond));

export async function roomLoad(
  place: Place,
  { run, messages, warmUp = warmed }: { run: Run; messages: number; warmUp?: (room: Room, run: Run) => Promise<void> },
  begin: () => Promise<void>,
): Promise<Result> {
  const clients = await connectAll(place, place.people.length);
  try {
    const room = openRoom(clients, place.room);
    await warmUp(room, run);
    room.latencies.length = 0;
    await begin();
    const began = performance.now();
    const kept = await run(room, messages);
    const ms = performance.now() - began - kept.quietMs;
    return { units: messages * clients.length, ms, latencies: room.latencies, ...kept };
  } finally {
    closeAll(clients);
  }
}
