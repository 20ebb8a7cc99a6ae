import { HISTORY_ROOM } from '../fixture.ts';
import type { Person, Place, Result } from '../workload.ts';
import { closedLoop } from './requests.ts';

const CLIENTS = 4;
const PAGE = 50;

/** Reads pages of 50 by cursor, all at the same depth. */
export async function historyLoad(
  { gateway, people }: Place,
  { depth, pages }: { depth: number; pages: number },
  begin: () => Promise<void>,
): Promise<Result> {
  const headers = { authorization: `Bearer ${(people[0] as Person).token}` };
  const answer = await fetch(`${gateway}/messages/?chat_id=${HISTORY_ROOM}&limit=1`, { headers });
  const { last_seq } = (await answer.json()) as { last_seq: number };
  const path = `/messages/?chat_id=${HISTORY_ROOM}&before_seq=${last_seq - depth + 1}&limit=${PAGE}`;
  return closedLoop(
    {
      url: gateway as string,
      parallel: CLIENTS,
      expected: 200,
      asked: () => ({ method: 'GET', path, headers }),
      until: { requests: pages },
    },
    begin,
  );
}
