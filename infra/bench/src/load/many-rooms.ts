// Messages to many rooms in turn; each goes to the room's two members, one of whom sent it.
import { membersOf } from '../fixture.ts';
import type { Place, Result, Work } from '../workload.ts';
import { type Client, closeAll, connectAll } from './clients.ts';
import { openTally } from './deliveries.ts';

const WARM_UP = 500;
/** Coprime to the numbers of rooms, so that consecutive rooms are not neighbours in the index. */
const STRIDE = 7919;

export async function speakLoad(
  place: Place,
  { prefix, rooms, connected, inFlight, messages }: Extract<Work, { kind: 'speak' }>,
  begin: () => Promise<void>,
): Promise<Result> {
  const clients = await connectAll({ ...place, people: place.people.slice(0, connected) }, connected);
  const latencies: number[] = [];
  let number = 0;
  let [tally, next] = [openTally(1, 0), (): void => undefined];
  for (const client of clients) {
    const own = `"sender_id":"${client.person.id}"`;
    client.onMessage = (frame) => {
      const sentAt = /"content":"(\d+) /.exec(frame.toString())?.[1];
      latencies.push(performance.now() - Number(sentAt) / 1000);
      if (frame.includes(own)) next();
      tally.arrived(0);
    };
  }
  const send = (): void => {
    const at = number++;
    const i = (at * STRIDE) % rooms;
    const [one, other] = membersOf(i, connected);
    const client = clients[at % 2 === 0 ? one : other] as Client;
    const chat_id = rooms === 1 ? prefix : `${prefix}${i}`;
    client.send({ message: `${Math.round(performance.now() * 1000)} and a line as people write them`, chat_id });
  };
  const run = (count: number) => {
    tally = openTally(1, count * 2);
    let left = count;
    next = () => {
      if (left-- > 0) send();
    };
    for (let i = 0; i < inFlight; i++) next();
    return tally.complete;
  };
  try {
    await run(WARM_UP);
    await begin();
    latencies.length = 0;
    const began = performance.now();
    const kept = await run(messages);
    return { units: messages, ms: performance.now() - began - kept.quietMs, latencies: [...latencies], ...kept };
  } finally {
    closeAll(clients);
  }
}
