// Rebuilds the read model from the services while everything runs. Each step blocks facts, asks the
// service and overwrites: facts handled before are in the answer, later ones are newer.
import type { Knex } from '@chatapi/kit/data';
import type { ServiceClient } from '@chatapi/kit/rpc';
import { type Actor, withAudit } from './audit.ts';
import type { Context } from './context.ts';
import {
  type AccountState,
  blockFacts,
  type FileState,
  knownIds,
  type MessageCounts,
  type Model,
  markGone,
  type RoomState,
  setAccounts,
  setFiles,
  setMessages,
  setRooms,
} from './statistics-rebuild-store.ts';

type Deps = Pick<Context, 'db' | 'log' | 'metrics' | 'auth' | 'message' | 'file'>;

const PAGE = 500;
/** For a count of all messages in one query. */
const COUNT_MS = 125_000;

interface Part<S> {
  model: Model;
  service: ServiceClient;
  path: string;
  idOf(state: S): string;
  set(trx: Knex, states: S[]): Promise<void>;
}

const ask = async <S>({ service, path }: Part<S>, body: object): Promise<S[]> =>
  (await service.call<{ states: S[] }>('POST', path, { body })).states;

/** Writes a page of what the service has. @returns the last id, '' at the end. */
async function fill<S>(db: Knex, part: Part<S>, after: string): Promise<string> {
  return await db.transaction(async (trx) => {
    await blockFacts(trx);
    const states = await ask(part, { after, limit: PAGE });
    if (states.length > 0) await part.set(trx, states);
    return states.length < PAGE ? '' : part.idOf(states.at(-1) as S);
  });
}

/** Marks what the service does not have as deleted, a page. @returns the last id, '' at the end. */
async function prune<S>(db: Knex, part: Part<S>, after: string): Promise<string> {
  const ids = await knownIds(db, part.model, after, PAGE);
  if (ids.length > 0)
    await db.transaction(async (trx) => {
      await blockFacts(trx);
      const there = new Set((await ask(part, { ids, limit: PAGE })).map(part.idOf));
      await markGone(
        trx,
        part.model,
        ids.filter((id) => !there.has(id)),
      );
    });
  return ids.length < PAGE ? '' : (ids.at(-1) as string);
}

async function rebuildPart<S>(db: Knex, part: Part<S>): Promise<void> {
  for (let after = await fill(db, part, ''); after !== ''; after = await fill(db, part, after));
  for (let after = await prune(db, part, ''); after !== ''; after = await prune(db, part, after));
}

async function rebuildMessages({ db, message }: Deps): Promise<void> {
  await db.transaction(async (trx) => {
    await blockFacts(trx);
    const counts = await message.call<MessageCounts>('GET', '/internal/message-counts', { timeoutMs: COUNT_MS });
    await setMessages(trx, counts);
  });
}

/**
 * Audited.
 * @throws SERVICE_UNAVAILABLE when a service does not answer; the parts rebuilt so far are correct.
 */
export async function rebuildStatistics(ctx: Deps, by: Actor): Promise<void> {
  const { db, auth, message, file } = ctx;
  await withAudit(ctx, by, { action: 'statistics.rebuild', target_id: 'statistics' }, async () => {
    await rebuildPart<AccountState>(db, {
      model: 'accounts',
      service: auth,
      path: '/internal/accounts/states',
      idOf: ({ user_id }) => user_id,
      set: setAccounts,
    });
    await rebuildPart<RoomState>(db, {
      model: 'rooms',
      service: message,
      path: '/internal/rooms/states',
      idOf: ({ room_id }) => room_id,
      set: setRooms,
    });
    await rebuildPart<FileState>(db, {
      model: 'files',
      service: file,
      path: '/internal/files/states',
      idOf: ({ file_id }) => file_id,
      set: setFiles,
    });
    await rebuildMessages(ctx);
  });
}
