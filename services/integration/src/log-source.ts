// Where followers read: the log of the message service, and the log of facts, which is ours.
import type { LogPage, LogSource, SeqAt } from '@chatapi/bus';
import type { Knex } from '@chatapi/kit/data';
import type { ServiceClient } from '@chatapi/kit/rpc';
import { FACTS_ROOM, readFacts, seqOfFactsAt } from './facts-log/facts-log-store.ts';

const TIMEOUT_MS = 5000;

interface WirePage extends Omit<LogPage, 'events'> {
  events: Omit<LogPage['events'][number], 'epoch'>[];
}

export function createLogSource(db: Knex, message: Pick<ServiceClient, 'call'>): LogSource {
  const call = <T>(path: string, body: object): Promise<T> =>
    message.call('POST', path, { body, timeoutMs: TIMEOUT_MS });

  return {
    renew: (follows) => call('/internal/followers', { follows }),
    notTold: async (since) => {
      const { heads } = await call<{ heads: Record<string, number> }>('/internal/moves-not-told', {
        since: Math.max(0, since),
      });
      return heads;
    },
    moves: (since, after, limit) => call('/internal/moves', { since: Math.max(0, since), after, limit }),
    async seqsAt(rooms, at) {
      const others = rooms.filter((room) => room !== FACTS_ROOM);
      const asked = { rooms: others, at: Math.max(0, at) };
      const found =
        others.length === 0 ? {} : (await call<{ seqs: Record<string, SeqAt> }>('/internal/seqs-at', asked)).seqs;
      if (others.length < rooms.length) found[FACTS_ROOM] = { seq: await seqOfFactsAt(db, at), complete: true };
      return found;
    },
    async read(rooms, limit) {
      const others = rooms.filter(({ id }) => id !== FACTS_ROOM);
      const wire =
        others.length === 0
          ? []
          : (await call<{ rooms: WirePage[] }>('/internal/logs', { rooms: others, limit })).rooms;
      const pages = wire.map((page): LogPage => {
        const { epoch } = page;
        return { ...page, events: page.events.map((event) => ({ ...event, epoch })) };
      });
      const facts = rooms.find(({ id }) => id === FACTS_ROOM);
      return facts === undefined ? pages : [...pages, await readFacts(db, facts.after, limit)];
    },
  };
}
