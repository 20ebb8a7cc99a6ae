// Owns: what must be known before a batch is written: is each room there and the sender in it, what is replied to, who is named.
// Rooms and memberships that a send makes on the way (first post) are made here, each in a transaction of its own.
import { AppError, invalidField, notFound, type PoolClient, toAppError } from '@chatapi/kit';
import { admitSenders } from './admit.ts';
import type { Context } from './context.ts';
import { mentionedNames, mentionsOf } from './mentions.ts';
import type { Draft } from './send-body.ts';
import { named, parents, type Standing, standings } from './send-store.ts';

export interface Resolved {
  version: number;
  parent_seq: number | null;
  mentions: string[];
}

const isKnown = (ctx: Context, { room_id, sender }: Draft): boolean =>
  ctx.access.get(room_id)?.members.has(sender.user_id) === true;

function learn(ctx: Context, { room_id, user_id, kind, version, deleted, member }: Standing): void {
  if (kind !== null && !deleted && member) ctx.access.learn(room_id, user_id, kind, version);
}

/** Why this sender can't post here, or `undefined` when being let in first will do. */
function refusal(draft: Draft, { kind, deleted, member }: Standing): AppError | undefined {
  if (deleted) return notFound('Room');
  if (kind === null)
    return draft.recipient_id === null && draft.room_id.startsWith('dm:') ? notFound('Room') : undefined;
  return member || kind === 'public' ? undefined : notFound('Room');
}

async function look(ctx: Context, client: PoolClient, drafts: Draft[]): Promise<Map<Draft, AppError>> {
  const refused = new Map<Draft, AppError>();
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
    if (error !== undefined) refused.set(draft, error);
    else if (!standing.member) outside.push(draft);
  }
  const rooms = Map.groupBy(outside, (draft) => draft.room_id);
  await Promise.all(
    [...rooms].map(async ([room_id, entering]) => {
      try {
        const { kind, version } = await admitSenders(ctx, room_id, entering);
        for (const { sender } of entering) ctx.access.learn(room_id, sender.user_id, kind, version);
      } catch (error) {
        for (const draft of entering) refused.set(draft, toAppError(error));
      }
    }),
  );
  return refused;
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

/** In the order of `drafts`: what the batch needs to know of each, or why it can't be sent; `undefined`: look again. */
export async function resolveDrafts(
  ctx: Context,
  client: PoolClient,
  drafts: Draft[],
): Promise<(Resolved | AppError | undefined)[]> {
  const unknown = drafts.filter((draft) => !isKnown(ctx, draft));
  const refused = unknown.length === 0 ? new Map<Draft, AppError>() : await look(ctx, client, unknown);
  const replies = await parentSeqs(client, drafts);
  const names = new Map(drafts.map((draft) => [draft, mentionedNames(draft.content)]));
  const asked = [...new Set([...names.values()].flat(2))];
  const people = asked.length === 0 ? new Map<string, string>() : await named(client, asked);
  return drafts.map((draft) => {
    const parent = replies.get(draft) ?? null;
    const error = refused.get(draft) ?? (parent instanceof AppError ? parent : undefined);
    if (error !== undefined) return error;
    // Somebody else's look may have brought a newer version, under which this one is not known to be in.
    if (!isKnown(ctx, draft)) return undefined;
    const version = ctx.access.get(draft.room_id)?.version ?? 0;
    return { version, parent_seq: parent as number | null, mentions: mentionsOf(names.get(draft) ?? [], people) };
  });
}
