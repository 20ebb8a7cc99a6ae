import type { Person, Place, Result, Work } from '../workload.ts';
import { type Asked, closedLoop } from './requests.ts';

const PAGE = 20;

type Rest = Extract<Work, { kind: 'rest' }>;

function openDoor({ gateway, straight, people }: Place, through: Rest['through']) {
  if (through === 'gateway')
    return {
      url: gateway as string,
      headersOf: (i: number) => ({ authorization: `Bearer ${(people[i] as Person).token}` }),
    };
  return { url: straight?.url as string, headersOf: (i: number) => straight?.headers[i] as Record<string, string> };
}

/** Runs `parallel` clients, each in its own room. */
export function restLoad(
  place: Place,
  { what, through, parallel, seconds }: Rest,
  begin: () => Promise<void>,
): Promise<Result> {
  const { url, headersOf } = openDoor(place, through);
  const send = (i: number): Asked => ({
    method: 'POST',
    path: '/messages/',
    headers: { ...headersOf(i), 'content-type': 'application/json' },
    body: JSON.stringify({ chat_id: `${place.room}-rest-${i}`, content: 'a line as people write them' }),
  });
  const read = (i: number): Asked => ({
    method: 'GET',
    path: `/messages/?chat_id=${place.room}-rest-${i}&limit=${PAGE}`,
    headers: headersOf(i),
  });
  const [asked, expected] = what === 'send' ? [send, 201] : [read, 200];
  return closedLoop({ url, parallel, expected, asked, until: { seconds } }, begin);
}
