// A node dies with all its connections; they come back on the other one and get what came meanwhile.
import { setTimeout as sleep } from 'node:timers/promises';
import { CUT_ROOMS, cutRoomOf } from '../systems/system.ts';
import type { Person, Place, Result } from '../work.ts';
import { type Client, closeAll, connectAll, connectOne } from './clients.ts';
import { DIALECTS } from './dialects.ts';

/** A connection through its node's death. */
interface Traveller {
  room: string;
  person: Person;
  client: Client;
  /** The last position that it has got, as the system's frames bear it. */
  last: string;
  got: Set<string>;
  /** When it was live again, and when it had all. */
  back: number;
  whole: number;
}

const QUIET_MS = 1500;
const until = async (holds: () => boolean, ms: number): Promise<void> => {
  for (const end = performance.now() + ms; !holds() && performance.now() < end; ) await sleep(10);
};

async function boardAll(place: Place, connections: number): Promise<Traveller[]> {
  const clients = await connectAll({ ...place, nodes: place.nodes.slice(0, 1) }, connections);
  const { position } = DIALECTS[place.dialect];
  return clients.map((client, i) => {
    const room = cutRoomOf(i % place.people.length);
    const self: Traveller = { room, person: client.person, client, last: '', got: new Set(), back: 0, whole: 0 };
    client.onMessage = (frame) => {
      self.last = position?.exec(frame.toString())?.[1] ?? 'none';
    };
    return self;
  });
}

/** One sender a room, on the other node; resolves when it has its own message back. */
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

async function comeBack(place: Place, traveller: Traveller, missed: number): Promise<void> {
  const dialect = DIALECTS[place.dialect];
  const onMessage = (frame: Buffer): void => {
    for (const [text] of frame.toString().matchAll(/missed-\d+/g)) traveller.got.add(text);
    if (traveller.got.size === missed && traveller.whole === 0) traveller.whole = performance.now();
  };
  const { room, person, last } = traveller;
  traveller.client = await connectOne(dialect, place.nodes[1] as string, person, { last, onMessage });
  traveller.back = performance.now();
  if (dialect.resume !== undefined) traveller.client.ws.send(dialect.resume(room, last));
}

export async function cutLoad(
  place: Place,
  { connections, missed }: { connections: number; missed: number },
  kill: () => Promise<void>,
): Promise<Result> {
  const travellers = await boardAll(place, connections);
  const senders = await openSenders(place);
  try {
    await senders.say('before');
    await until(() => travellers.every(({ last }) => last !== ''), 5000);
    const gone = Promise.all(
      travellers.map(({ client }) => new Promise((resolve) => client.ws.once('close', resolve).on('error', resolve))),
    );
    await kill();
    const began = performance.now();
    await gone;
    for (let i = 0; i < missed; i++) await senders.say(`missed-${i}`);
    await Promise.all(travellers.map((traveller) => comeBack(place, traveller, missed)));
    await until(() => travellers.every(({ whole }) => whole > 0), QUIET_MS);
    const latencies = travellers.map(({ back, whole }) => Math.max(back, whole) - began);
    const lost = travellers.reduce((sum, { got }) => sum + missed - got.size, 0);
    return { units: connections, ms: Math.max(...latencies), latencies, lost };
  } finally {
    closeAll([...travellers.map(({ client }) => client), ...senders.clients]);
  }
}
