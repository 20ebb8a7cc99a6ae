import type { Place, Result } from '../workload.ts';
import { closeAll, connectAll } from './clients.ts';
import { roomLoad, saturated } from './room.ts';

const IN_FLIGHT = 8;

/** All members of the room on the first node; others, who are not members, on the second. */
export async function silentLoad(
  place: Place,
  { messages, others }: { messages: number; others: number },
  begin: () => Promise<void>,
): Promise<Result> {
  const [first, second] = place.nodes as [string, string];
  const nonMembers = await connectAll({ ...place, nodes: [second], people: place.outsiders ?? [] }, others);
  try {
    return await roomLoad({ ...place, nodes: [first] }, { run: saturated(IN_FLIGHT), messages }, begin);
  } finally {
    closeAll(nonMembers);
  }
}
