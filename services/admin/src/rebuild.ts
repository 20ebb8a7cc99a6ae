// Owns: the read model counted anew from the services' own doors, while everything goes on. Safe because each step holds back the
// facts, asks, and overwrites: what was handled before is in the answer, what comes later is newer than it.
import type { Knex, Peer } from '@chatapi/kit';
import { type Acting, onRecord } from './audit.ts';
import type { Context } from './context.ts';
import {
  type AccountState,
  type FileState,
  forget,
  holdFacts,
  knownIds,
  type MessageCounts,
  type Model,
  type RoomState,
  setAccounts,
  setFiles,
  setMessages,
  setRooms,
} from './rebuild-store.ts';

type Deps = Pick<Context, 'db' | 'log' | 'auth' | 'message' | 'file'>;

const PAGE = 500;
/** A count of all messages there are, in one look. */
const COUNT_MS = 125_000;

interface Part<S> {
  model: Model;
  peer: Peer;
  path: string;
  idOf(state: S): string;
  set(trx: Knex, states: S[]): Promise<void>;
}

const ask = async <S>({ peer, path }: Part<S>, body: object): Promise<S[]> =>
  (await peer.call<{ states: S[] }>('POST', path, { body })).states;

/** Everything that the service has. @returns the last id, '' at the end. */
async function fill<S>(db: Knex, part: Part<S>, after: string): Promise<string> {
  return await db.transaction(async (trx) => {
    await holdFacts(trx);
    const states = await ask(part, { after, limit: PAGE });
    if (states.length > 0) await part.set(trx, states);
    return states.length < PAGE ? '' : part.idOf(states.at(-1) as S);
  });
}

/** Everything that is known here: what the service does not have goes. */
async function prune<S>(db: Knex, part: Part<S>, after: string): Promise<string> {
  const ids = await knownIds(db, part.model, after, PAGE);
  if (ids.length > 0)
    await db.transaction(async (trx) => {
      await holdFacts(trx);
      const there = new Set((await ask(part, { ids, limit: PAGE })).map(part.idOf));
      await forget(
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
    await holdFacts(trx);
    const counts = await message.call<MessageCounts>('GET', '/internal/message-counts', { timeoutMs: COUNT_MS });
    await setMessages(trx, counts);
  });
}

/** On record. @throws AppError SERVICE_UNAVAILABLE when a service does not answer: what was rebuilt so far is right. */
export async function rebuildStatistics(ctx: Deps, by: Acting): Promise<void> {
  const { db, auth, message, file } = ctx;
  await onRecord(ctx, by, { action: 'statistics.rebuild', target_id: 'statistics' }, async () => {
    await rebuildPart<AccountState>(db, {
      model: 'accounts',
      peer: auth,
      path: '/internal/accounts/states',
      idOf: ({ user_id }) => user_id,
      set: setAccounts,
    });
    await rebuildPart<RoomState>(db, {
      model: 'rooms',
      peer: message,
      path: '/internal/rooms/states',
      idOf: ({ room_id }) => room_id,
      set: setRooms,
    });
    await rebuildPart<FileState>(db, {
      model: 'files',
      peer: file,
      path: '/internal/files/states',
      idOf: ({ file_id }) => file_id,
      set: setFiles,
    });
    await rebuildMessages(ctx);
  });
}
