import { setTimeout as sleep } from 'node:timers/promises';
import type { Place, Result, Work } from '../work.ts';
import { type Client, closeAll, connectAll } from './clients.ts';

const WARM_UP = 50;
/** Latency is read from one reader in so many: parsing every frame would load the generator. */
const SAMPLE = 20;
const STUCK_MS = 60_000;

interface Room {
  send(): void;
  /** Resolves when every reader has `messages` more. */
  deliveries(messages: number): Promise<void>;
  latencies: number[];
  /** Called at each arrival at the sender. */
  onEcho: () => void;
}

function openRoom(clients: Client[], room: string): Room {
  const sender = clients[0] as Client;
  const sentAt = new Map<string, number>();
  let [count, waitedFor, number] = [0, Number.POSITIVE_INFINITY, 0];
  let arrived: () => void = () => undefined;
  const self: Room = {
    latencies: [],
    onEcho: () => undefined,
    send: () => {
      const key = `k${number++}`;
      sentAt.set(key, performance.now());
      sender.ws.send(JSON.stringify({ message: `${key} and the rest of a line as people write them`, chat_id: room }));
    },
    deliveries: (messages) =>
      new Promise((resolve, reject) => {
        count = 0;
        waitedFor = messages * clients.length;
        const stuck = setTimeout(() => reject(new Error(`only ${count} of ${waitedFor} arrived`)), STUCK_MS);
        arrived = () => {
          clearTimeout(stuck);
          resolve();
        };
      }),
  };
  for (const [i, client] of clients.entries()) {
    client.onMessage = (frame) => {
      if (i % SAMPLE === 1) {
        const key = /"content":"(k\d+)/.exec(frame.toString())?.[1] ?? '';
        self.latencies.push(performance.now() - (sentAt.get(key) ?? Number.NaN));
      }
      if (++count === waitedFor) arrived();
      if (i === 0) self.onEcho();
    };
  }
  return self;
}

/** A message is under way until its sender has it back. */
async function saturate(room: Room, messages: number, inFlight: number): Promise<void> {
  const all = room.deliveries(messages);
  let left = messages;
  const next = (): void => {
    if (left-- > 0) room.send();
  };
  room.onEcho = next;
  for (let i = 0; i < inFlight; i++) next();
  await all;
}

async function pace(room: Room, messages: number, perSecond: number): Promise<void> {
  const all = room.deliveries(messages);
  room.onEcho = () => undefined;
  const began = performance.now();
  for (let i = 0; i < messages; i++) {
    await sleep(Math.max(0, began + (i * 1000) / perSecond - performance.now()));
    room.send();
  }
  await all;
}

type RoomWork = Extract<Work, { kind: 'room' | 'paced' }>;

export async function roomLoad(place: Place, work: RoomWork, begin: () => Promise<void>): Promise<Result> {
  const clients = await connectAll(place, place.people.length);
  try {
    const room = openRoom(clients, place.room);
    const run = (messages: number): Promise<void> =>
      work.kind === 'room' ? saturate(room, messages, work.inFlight) : pace(room, messages, work.perSecond);
    await run(work.kind === 'room' ? WARM_UP : Math.min(WARM_UP, work.perSecond));
    room.latencies.length = 0;
    await begin();
    const began = performance.now();
    await run(work.messages);
    return { units: work.messages * clients.length, ms: performance.now() - began, latencies: room.latencies };
  } finally {
    closeAll(clients);
  }
}
