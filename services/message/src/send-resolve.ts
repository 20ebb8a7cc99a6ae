// Owns: what must be known before a batch is written: is each room there and the sender in it and heard, what is replied to, who is named.
// Rooms and memberships that a send makes on the way (first post) are made here, each in a transaction of its own.
import { AppError, invalidField, notFound, type PoolClient, toAppError } from '@chatapi/kit';
import { admitSenders } from './admit.ts';
import { clientKey } from './client-key.ts';
import type { Context } from './context.ts';
import { mentionedNames, mentionsOf } from './mentions.ts';
import type { Draft } from './send-body.ts';
import { named, parents, repeated, type Standing, standings } from './send-store.ts';
import { mutedError } from './voice.ts';

export interface Resolved {
  version: number;
  /** Has to wait for its turn: see slow-mode.ts. */
  slow: boolean;
  parent_seq: number | null;
  mentions: string[];
}

/** What a look says of a draft that the cache can't answer for; none: look again. */
type Found = AppError | { version: number; slow: boolean };

const isKnown = (ctx: Context, { room_id, sender, blocked }: Draft): boolean =>
  blocked === undefined && ctx.access.get(room_id)?.members.has(sender.user_id) === true;

// Muted people and those whom slow mode holds back are not remembered: each of their sends is looked at.
function learn(ctx: Context, { room_id, user_id, kind, version, deleted, member, muted_until, slow }: Standing): void {
  if (kind !== null && !deleted && member && muted_until === null && !slow)
    ctx.access.learn(room_id, user_id, kind, version);
}

/** Why this sender can't post here, or `undefined` when being let in first will do. */
function refusal(draft: Draft, { kind, deleted, member, muted_until }: Standing): AppError | undefined {
  if (draft.blocked !== undefined) return draft.blocked;
  if (deleted) return notFound('Room');
  if (kind === null)
    return draft.recipient_id === null && draft.room_id.startsWith('dm:') ? notFound('Room') : undefined;
  if (!member && kind !== 'public') return notFound('Room');
  return muted_until === null ? undefined : mutedError(muted_until);
}

async function look(ctx: Context, client: PoolClient, drafts: Draft[]): Promise<Map<Draft, Found>> {
  const looked = new Map<Draft, Found>();
  const found = await standings(
    client,
    drafts.map((d) => d.room_id),
    drafts.map((d) => d.sender.user_id),
  );
  const byKey = new Map(found.map((standing) => [`${standing.room_id} ${standing.user_id}`, standing]));
  for (const standing of found) learn(ctx, standing);
  const outside: Draft[] = [];
  for (const draft of drafts) {
    const standing = byKey.get(`${draft.room_id} ${draft.sender.user_id}`) as Standing;
    const error = refusal(draft, standing);
    if (error !== undefined) looked.set(draft, error);
    else if (!standing.member) outside.push(draft);
    else if (standing.slow) looked.set(draft, { version: standing.version, slow: true });
  }
  const rooms = Map.groupBy(outside, (draft) => draft.room_id);
  await Promise.all(
    [...rooms].map(async ([room_id, entering]) => {
      try {
        // Whether they may also speak is looked up with the next round: it may have changed while they were let in.
        await admitSenders(ctx, room_id, entering);
      } catch (error) {
        for (const draft of entering) looked.set(draft, toAppError(error));
      }
    }),
  );
  return looked;
}

async function parentSeqs(client: PoolClient, drafts: Draft[]): Promise<Map<Draft, number | AppError>> {
  const replies = drafts.filter((draft) => draft.reply_to !== null);
  if (replies.length === 0) return new Map();
  const rows = new Map(
    (
      await parents(
        client,
        replies.map((draft) => draft.reply_to as string),
      )
    ).map((row) => [row.id, row]),
  );
  return new Map(
    replies.map((draft) => {
      const parent = rows.get(draft.reply_to as string);
      const good = parent !== undefined && parent.room_id === draft.room_id && !parent.is_deleted;
      return [draft, good ? parent.seq : invalidField('reply_to', 'reply_to must be a message of the same room')];
    }),
  );
}

/** What was taken once is answered again, whatever would stand against it by now, as long as the room may be known. */
async function pardonRepeats(client: PoolClient, looked: Map<Draft, Found>): Promise<void> {
  const refused = [...looked].flatMap(([draft, found]) =>
    found instanceof AppError && found.code !== 'RESOURCE_NOT_FOUND' && draft.client_id !== null ? [draft] : [],
  );
  if (refused.length === 0) return;
  const keys = refused.map(({ room_id, sender, client_id }) => clientKey(room_id, sender.user_id, client_id));
  const places = await repeated(client, keys);
  // The batch finds it as a repeat and compares no version.
  for (const place of places) looked.set(refused[place - 1] as Draft, { version: 0, slow: false });
}

/** In the order of `drafts`: what the batch needs to know of each, or why it can't be sent; `undefined`: look again. */
export async function resolveDrafts(
  ctx: Context,
  client: PoolClient,
  drafts: Draft[],
): Promise<(Resolved | AppError | undefined)[]> {
  const unknown = drafts.filter((draft) => !isKnown(ctx, draft));
  const looked = unknown.length === 0 ? new Map<Draft, Found>() : await look(ctx, client, unknown);
  const replies = await parentSeqs(client, drafts);
  for (const [draft, parent] of replies)
    if (parent instanceof AppError && !(looked.get(draft) instanceof AppError)) looked.set(draft, parent);
  if (looked.size > 0) await pardonRepeats(client, looked);
  const names = new Map(drafts.map((draft) => [draft, mentionedNames(draft.content)]));
  const asked = [...new Set([...names.values()].flat(2))];
  const people = asked.length === 0 ? new Map<string, string>() : await named(client, asked);
  return drafts.map((draft) => {
    const found = looked.get(draft);
    if (found instanceof AppError) return found;
    // Somebody else's look may have brought a newer version, under which this one is not known to be in.
    if (found === undefined && !isKnown(ctx, draft)) return undefined;
    const { version, slow } = found ?? { version: ctx.access.get(draft.room_id)?.version ?? 0, slow: false };
    const parent = replies.get(draft);
    return {
      version,
      slow,
      parent_seq: typeof parent === 'number' ? parent : null,
      mentions: mentionsOf(names.get(draft) ?? [], people),
    };
  });
}
