// Replay: positions go back, and delivery goes on from there in the same order.
import { goBack, noteHeads } from '@chatapi/bus';
import { every, newId, notFound, type RecurringTask, Reply } from '@chatapi/kit';
import type { Context } from '../context.ts';
import { FACTS_ROOM } from '../facts-log/facts-log-store.ts';
import { recordAudit, type StaffCall } from './audit.ts';
import { endReplay, insertReplay, moveReplay, takeReplay } from './replay-store.ts';
import { findWebhook, toFollower } from './webhook-store.ts';

export type ReplayBody = { chat_id: string; from_seq: number } | { since: string };

async function replayRoom(ctx: Context, call: StaffCall, id: string, room: string, from_seq: number): Promise<void> {
  const [page] = await ctx.source.read([{ id: room, after: from_seq - 1 }], 1);
  if (page === undefined) throw notFound('Room');
  const webhook = await findWebhook(ctx.db, id);
  if (webhook === undefined) throw notFound('Webhook');
  const begins = await ctx.source.seqsAt([room], webhook.from_ms);
  await ctx.db.transaction(async (trx) => {
    await noteHeads(trx, [toFollower(webhook)], { [room]: page.last_seq });
    await goBack(trx, id, { [room]: from_seq - 1 }, begins);
    await recordAudit(trx, call, 'webhook.replay', id, { chat_id: room, from_seq });
  });
}

/** No log has events of before 1970. */
const sinceOf = ({ since }: { since: string }): number => Math.max(0, Date.parse(since));

/** Answers at once: it takes as long as there are rooms. */
export async function replay(ctx: Context, call: StaffCall, id: string, body: ReplayBody): Promise<Reply<undefined>> {
  if ('chat_id' in body) await replayRoom(ctx, call, id, body.chat_id, body.from_seq);
  else
    await ctx.db.transaction(async (trx) => {
      if ((await findWebhook(trx, id)) === undefined) throw notFound('Webhook');
      await insertReplay(trx, { id: newId('rpl'), webhook_id: id, since_ms: sinceOf(body) });
      await recordAudit(trx, call, 'webhook.replay', id, { since: body.since });
    });
  ctx.facts.nudge();
  ctx.followers.nudge();
  return new Reply(202, undefined);
}

const PAGE = 500;

/** A page of rooms. @returns whether there may be more to do. */
const replayPage = (ctx: Pick<Context, 'db' | 'source'>): Promise<boolean> =>
  ctx.db.transaction(async (trx) => {
    const found = await takeReplay(trx);
    if (found === undefined) return false;
    const { id, webhook_id, since_ms, after_room } = found;
    const webhook = await findWebhook(trx, webhook_id);
    const page = await ctx.source.moves(since_ms, after_room, PAGE);
    const rooms = [...Object.keys(page.heads), ...(after_room === '' ? [FACTS_ROOM] : [])];
    if (webhook !== undefined && rooms.length > 0) {
      const seqs = await ctx.source.seqsAt(rooms, since_ms);
      const begins = webhook.from_ms < since_ms ? await ctx.source.seqsAt(rooms, webhook.from_ms) : seqs;
      await noteHeads(trx, [toFollower(webhook)], page.heads);
      const back = Object.fromEntries(Object.entries(seqs).map(([room, { seq }]) => [room, seq]));
      await goBack(trx, webhook_id, back, begins);
    }
    if (page.next === null) await endReplay(trx, id);
    else await moveReplay(trx, id, page.next);
    return true;
  });

const POLL_MS = 1000;

export const startReplays = (ctx: Pick<Context, 'db' | 'source' | 'log'>): RecurringTask =>
  every(
    POLL_MS,
    async (closing) => {
      while (!closing.aborted && (await replayPage(ctx)));
    },
    (err) => ctx.log.debug({ err: err.message }, 'a replay waits; will retry'),
  );
