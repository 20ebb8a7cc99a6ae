// What must be known before a batch is inserted: that the room exists and the sender may post
// there, the message replied to, the users mentioned. A first post creates the room or the
// membership here, each in a transaction of its own.
import { type AppError, invalidField, toAppError } from '@chatapi/kit';
import type { PoolClient } from '@chatapi/kit/data';
import type { Context } from '../context.ts';
import { mentionedNames, mentionsOf } from '../messages/mentions.ts';
import { clientKey } from './idempotency-key.ts';
import { parents, repeated, type SenderState, senderStates, usersByName } from './insert-store.ts';
import { admitSenders } from './join-or-create-room.ts';
import { refusal } from './may-send.ts';
import type { Resolved } from './message-row.ts';
import { RETRY } from './outcome.ts';
import type { Draft } from './send-body.ts';

interface Refused {
  kind: 'refused';
  error: AppError;
}
type Resolution = { kind: 'ready'; resolved: Resolved } | Refused | { kind: 'retry' };

/**
 * What the database says of a sender; `cached`: the access cache has the answer, unless it loses
 * it.
 */
type Access = { kind: 'known'; version: number; slow: boolean } | { kind: 'cached' } | Refused;
type Parent = { kind: 'none' } | { kind: 'found'; seq: number } | Refused;

const CACHED: Access = { kind: 'cached' };
const NO_PARENT: Parent = { kind: 'none' };

const isCached = (ctx: Context, { room_id, sender, blocked }: Draft): boolean =>
  blocked === undefined && ctx.access.get(room_id)?.members.has(sender.user_id) === true;

/** Not cached: each of their sends is looked up. */
const isSpecial = ({ muted_until, slow, archived, ownerless, recipient_deleted }: SenderState): boolean =>
  muted_until !== null || slow || archived || ownerless || recipient_deleted;

function learn(ctx: Context, state: SenderState): void {
  const { room_id, user_id, kind, version, deleted, member } = state;
  if (kind !== null && !deleted && member && !isSpecial(state)) ctx.access.learn(room_id, user_id, kind, version);
}

/** What a sender who may post is to the room. Who has just been admitted is looked up again. */
function accessOf({ member, version, slow, archived, ownerless }: SenderState): Access {
  return member && !ownerless && (slow || archived) ? { kind: 'known', version, slow } : CACHED;
}

/**
 * Admits those who are not members yet, and members of rooms without an owner.
 * @returns an error for each who may not be.
 */
async function admitAll(ctx: Context, drafts: Draft[]): Promise<Map<Draft, AppError>> {
  const rooms = Map.groupBy(drafts, (draft) => draft.room_id);
  const failed = await Promise.all(
    [...rooms].map(async ([room_id, entering]): Promise<[Draft, AppError][]> => {
      try {
        await admitSenders(ctx, room_id, entering);
        return [];
      } catch (error) {
        return entering.map((draft) => [draft, toAppError(error)]);
      }
    }),
  );
  return new Map(failed.flat());
}

/** Looks up what the cache does not know, and fills it. Others are not in the result. */
async function lookUpAccess(ctx: Context, client: PoolClient, drafts: Draft[]): Promise<Map<Draft, Access>> {
  const unknown = drafts.filter((draft) => !isCached(ctx, draft));
  if (unknown.length === 0) return new Map();
  const found = await senderStates(
    client,
    unknown.map((d) => d.room_id),
    unknown.map((d) => d.sender.user_id),
  );
  const byKey = new Map(found.map((state) => [`${state.room_id} ${state.user_id}`, state]));
  for (const state of found) learn(ctx, state);
  const states = unknown.map((draft) => {
    const state = byKey.get(`${draft.room_id} ${draft.sender.user_id}`) as SenderState;
    return { draft, state, error: refusal(draft, state) };
  });
  const outside = states.filter(({ state, error }) => error === undefined && (!state.member || state.ownerless));
  const notAdmitted = await admitAll(
    ctx,
    outside.map(({ draft }) => draft),
  );
  return new Map(
    states.map(({ draft, state, error = notAdmitted.get(draft) }): [Draft, Access] => {
      if (error !== undefined) return [draft, { kind: 'refused', error }];
      return [draft, accessOf(state)];
    }),
  );
}

/** The messages that are replied to, for the drafts that are replies. */
async function lookUpParents(client: PoolClient, drafts: Draft[]): Promise<Map<Draft, Parent>> {
  const replies = drafts.filter((draft) => draft.fields.reply_to !== null);
  if (replies.length === 0) return new Map();
  const ids = replies.map((draft) => draft.fields.reply_to as string);
  const rows = new Map((await parents(client, ids)).map((row) => [row.id, row]));
  return new Map(
    replies.map((draft): [Draft, Parent] => {
      const row = rows.get(draft.fields.reply_to as string);
      if (row !== undefined && row.room_id === draft.room_id && !row.is_deleted)
        return [draft, { kind: 'found', seq: row.seq }];
      return [
        draft,
        { kind: 'refused', error: invalidField('reply_to', 'reply_to must be a message of the same room') },
      ];
    }),
  );
}

/** Whether the sender must not know the room. Other errors bear details. */
const isHidden = ({ code, details }: AppError): boolean =>
  code === 'RESOURCE_NOT_FOUND' && Object.keys(details).length === 0;

/**
 * Drafts among the refused ones that repeat a message: a repeat gets the first result again,
 * whatever would refuse it by now, unless the room must not be known to its sender.
 */
async function findRepeats(client: PoolClient, refused: Map<Draft, Refused>): Promise<Set<Draft>> {
  const drafts = [...refused].flatMap(([draft, { error }]) =>
    !isHidden(error) && draft.fields.client_id !== null ? [draft] : [],
  );
  if (drafts.length === 0) return new Set();
  const keys = drafts.map(({ room_id, sender, fields }) => clientKey(room_id, sender.user_id, fields.client_id));
  return new Set((await repeated(client, keys)).map((place) => drafts[place - 1] as Draft));
}

function refusedOf(drafts: Draft[], access: Map<Draft, Access>, parentsOf: Map<Draft, Parent>): Map<Draft, Refused> {
  if (access.size === 0 && parentsOf.size === 0) return new Map();
  return new Map(
    drafts.flatMap((draft): [Draft, Refused][] => {
      const found = [access.get(draft), parentsOf.get(draft)].find((one) => one?.kind === 'refused');
      return found?.kind === 'refused' ? [[draft, found]] : [];
    }),
  );
}

/** User ids by lower-case name, of all who are mentioned. */
async function lookUpNames(client: PoolClient, names: string[][][]): Promise<Map<string, string>> {
  const distinct = [...new Set(names.flat(2))];
  return distinct.length === 0 ? new Map() : await usersByName(client, distinct);
}

/** In the order of `drafts`. */
export async function resolveDrafts(ctx: Context, client: PoolClient, drafts: Draft[]): Promise<Resolution[]> {
  const access = await lookUpAccess(ctx, client, drafts);
  const parentsOf = await lookUpParents(client, drafts);
  const refused = refusedOf(drafts, access, parentsOf);
  const repeats = await findRepeats(client, refused);
  const names = drafts.map(({ fields }) => mentionedNames(fields.content));
  const users = await lookUpNames(client, names);

  const ready = (draft: Draft, i: number, version: number, slow: boolean): Resolution => {
    const parent = parentsOf.get(draft) ?? NO_PARENT;
    const parent_seq = parent.kind === 'found' ? parent.seq : null;
    return { kind: 'ready', resolved: { version, slow, parent_seq, ...mentionsOf(names[i] ?? [], users) } };
  };
  // Nothing is awaited from here on: all drafts of a room get the same version of the cache.
  return drafts.map((draft, i) => {
    // The insert finds it as a repeat and compares no version.
    if (repeats.has(draft)) return ready(draft, i, 0, false);
    const found = refused.get(draft);
    if (found !== undefined) return found;
    const state = access.get(draft) ?? CACHED;
    if (state.kind === 'known') return ready(draft, i, state.version, state.slow);
    // The look-up of another sender may have brought a newer version, for which this one is
    // unknown.
    if (!isCached(ctx, draft)) return RETRY;
    return ready(draft, i, ctx.access.get(draft.room_id)?.version ?? 0, false);
  });
}
