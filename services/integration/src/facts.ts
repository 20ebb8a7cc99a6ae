import { type FactHandlers, type Followers, noteHeads } from '@chatapi/bus';
import type { Knex } from '@chatapi/kit/data';
import { appendFacts, erasedAmong, FACTS_ROOM, type PublicFact, redactFacts } from './facts-log/facts-log-store.ts';
import { accountsBanned, accountsCreated, filesCreated, reportsCreated } from './facts-log/public-facts.ts';
import { deleteIncomingOfBots, endIncomingOfRooms } from './incoming/incoming-store.ts';
import { followersOf } from './webhooks/webhook-store.ts';

/** Without a webhook nobody would read them. */
async function keep(trx: Knex, facts: PublicFact[]): Promise<void> {
  if (facts.length === 0) return;
  const followers = await followersOf(trx);
  if (followers.length === 0) return;
  const erased = await erasedAmong(
    trx,
    facts.flatMap(({ user_id }) => user_id ?? []),
  );
  const kept = facts.filter(({ user_id }) => user_id === null || !erased.has(user_id));
  if (kept.length > 0) await noteHeads(trx, followers, { [FACTS_ROOM]: await appendFacts(trx, kept) });
}

export const createHandlers = (followers: Pick<Followers, 'onMoved'>): FactHandlers<Knex.Transaction> => ({
  'rooms.moved': (facts, trx) => followers.onMoved(facts, trx),
  'account.created': (accounts, trx) => keep(trx, accountsCreated(accounts)),
  'accounts.created': (groups, trx) => keep(trx, accountsCreated(groups.flatMap(({ accounts }) => accounts))),
  'account.updated': async (accounts, trx) => await keep(trx, await accountsBanned(trx, accounts)),
  'account.erased': async (erased, trx) => {
    const ids = erased.map(({ user_id }) => user_id);
    await redactFacts(trx, ids);
    await deleteIncomingOfBots(trx, ids);
  },
  'room.deleted': (rooms, trx) =>
    endIncomingOfRooms(
      trx,
      rooms.map(({ room_id }) => room_id),
    ),
  'file.created': (files, trx) => keep(trx, filesCreated(files)),
  'report.created': (reports, trx) => keep(trx, reportsCreated(reports)),
});
