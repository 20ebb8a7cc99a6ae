// The log of a room by REST, for those who can't hold a socket open: scripts, backends, bots.
import { notFound } from '@chatapi/kit';
import type { Caller } from '@chatapi/kit/auth';
import { readableRoom } from '../access/room-access.ts';
import { findRoomForUser } from '../access/room-store.ts';
import type { Context } from '../context.ts';
import { type Replay, readEvents } from '../log/log-store.ts';

export interface EventsQuery {
  after_seq: number;
  limit: number;
}

/** Whether these are all events after this seq: the log may not reach back to it. */
function isComplete({ first_seq, last_seq, events }: Replay, after: number): boolean {
  if (after > last_seq || after < first_seq - 1) return false;
  // A partition may be dropped between the two queries.
  const next = events[0]?.seq ?? last_seq + 1;
  return next === after + 1;
}

/** Logs of users, which only their own connections see. */
const OF_USER = /^self:/i;

/** A key reads every room, also private ones: it follows the installation, not one person. */
async function requireReader(ctx: Context, caller: Caller, room: string): Promise<void> {
  if (caller.kind !== 'key') await readableRoom(ctx.reads, room, caller.user_id);
  else if (OF_USER.test(room) || (await findRoomForUser(ctx.reads, room, '')) === undefined) throw notFound('Room');
}

/**
 * @returns JSON with the frames as they were stored. Links of files are signed for the caller.
 * Those of a key open nothing, since the file service asks for the rights of a person.
 */
export async function listEvents(
  ctx: Context,
  caller: Caller,
  room: string,
  { after_seq, limit }: EventsQuery,
): Promise<string> {
  await requireReader(ctx, caller, room);
  const replay = await readEvents(ctx.db, room, after_seq, limit + 1);
  const shown = replay.events.slice(0, limit);
  const frames = shown.map(({ frame }) => frame).join(',');
  const events = ctx.links.signIn(frames, caller.user_id);
  const { last_seq } = replay;
  const has_more = replay.events.length > limit;
  const facts = JSON.stringify({ last_seq, has_more, complete: isComplete(replay, after_seq) });
  return `{"events":[${events}],${facts.slice(1)}`;
}
