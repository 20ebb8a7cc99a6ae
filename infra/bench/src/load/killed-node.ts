// A node is killed with all its connections; they reconnect to the other one and get what they
// missed.
import { setTimeout as sleep } from 'node:timers/promises';
import { CUT_ROOMS, cutRoomOf } from '../systems/system.ts';
import type { Person, Place, Result } from '../workload.ts';
import { type Client, closeAll, connectAll, connectOne } from './clients.ts';
import { DIALECTS } from './dialects.ts';

/** A connection before and after its node's death. */
interface Reconnecting {
  room: string;
  person: Person;
  client: Client;
  /** The last position that it received, as contained in the system's frames. */
  last: string;
  got: Set<string>;
  /** When it was live again, and when it had received everything. */
  back: number;
  whole: number;
}

const QUIET_MS = 1500;
const until = async (holds: () => boolean, ms: number): Promise<void> => {
  for (const end = performance.now() + ms; !holds() && performance.now() < end; ) await sleep(10);
};

async function connectAllToFirstNode(place: Place, connections: number): Promise<Reconnecting[]> {
  const clients = await connectAll({ ...place, nodes: place.nodes.slice(0, 1) }, connections);
  const { position } = DIALECTS[place.dialect];
  return clients.map((client, i) => {
    const room = cutRoomOf(i % place.people.length);
    const self: Reconnecting = { room, person: client.person, client, last: '', got: new Set(), back: 0, whole: 0 };
    client.onMessage = (frame) => {
      self.last = position?.exec(frame.toString())?.[1] ?? 'none';
    };
    return self;
  });
}

/**
 * Opens one sender per room on the other node; `say` resolves when each has received its own
 * message.
 */
async function openSenders(place: Place): Promise<{ clients: Client[]; say: (text: string) => Promise<unknown> }> {
  const people = place.people.slice(0, CUT_ROOMS.length);
  const clients = await connectAll({ ...place, nodes: place.nodes.slice(1), people }, CUT_ROOMS.length);
  const say = (text: string): Promise<unknown> =>
    Promise.all(
      clients.map(
        (client, i) =>
          new Promise<void>((resolve) => {
            client.onMessage = (frame) => frame.includes(text) && resolve();
            client.send({ message: text, chat_id: CUT_ROOMS[i] as string });
          }),
      ),
    );
  return { clients, say };
}

async function comeBack(place: Place, one: Reconnecting, missed: number): Promise<void> {
  const dialect = DIALECTS[place.dialect];
  const onMessage = (frame: Buffer): void => {
    for (const [text] of frame.toString().matchAll(/missed-\d+/g)) one.got.add(text);
    if (one.got.size === missed && one.whole === 0) one.whole = performance.now();
  };
  const { room, person, last } = one;
  one.client = await connectOne(dialect, place.nodes[1] as string, person, { last, onMessage });
  one.back = performance.now();
  if (dialect.resume !== undefined) one.client.ws.send(dialect.resume(room, last));
}

export async function cutLoad(
  place: Place,
  { connections, missed }: { connections: number; missed: number },
  kill: () => Promise<void>,
): Promise<Result> {
  const reconnecting = await connectAllToFirstNode(place, connections);
  const senders = await openSenders(place);
  try {
    await senders.say('before');
    await until(() => reconnecting.every(({ last }) => last !== ''), 5000);
    const gone = Promise.all(
      reconnecting.map(({ client }) => new Promise((resolve) => client.ws.once('close', resolve).on('error', resolve))),
    );
    await kill();
    const began = performance.now();
    await gone;
    for (let i = 0; i < missed; i++) await senders.say(`missed-${i}`);
    await Promise.all(reconnecting.map((one) => comeBack(place, one, missed)));
    await until(() => reconnecting.every(({ whole }) => whole > 0), QUIET_MS);
    const latencies = reconnecting.map(({ back, whole }) => Math.max(back, whole) - began);
    const lost = reconnecting.reduce((sum, { got }) => sum + missed - got.size, 0);
    return { units: connections, ms: Math.max(...latencies), latencies, lost };
  } finally {
    closeAll([...reconnecting.map(({ client }) => client), ...senders.clients]);
  }
}
