// Followers of the log in other services: they keep their own positions, and read from here.
import type { Context } from '../context.ts';
import {
  type Lease,
  type LogPage,
  pageOfRooms,
  type RoomAt,
  readLogs,
  renewFollower,
  roomsAt,
  untoldHeads,
} from './follower-store.ts';

const DAY_MS = 86_400_000;
const FOLLOWER = 'integration';

/** Before this time the log may have no events any more. */
const floorOf = ({ config }: Context): number => Date.now() - config.LOG_RETENTION_DAYS * DAY_MS;

/** Logs of users, which only their own connections see. */
const isOfUser = (room: string): boolean => room.startsWith('self:');

/** `redis`: whether facts leave this instance at once. */
export async function renewLease(ctx: Context, follows: boolean): Promise<Lease & { redis: boolean }> {
  return { ...(await renewFollower(ctx.db, FOLLOWER, follows)), redis: ctx.publisher.works() };
}

export async function headsNotTold(ctx: Context, since: number): Promise<{ heads: Record<string, number> }> {
  return { heads: await untoldHeads(ctx.db, FOLLOWER, since) };
}

export interface MovesAsked {
  /** In ms. */
  since: number;
  /** Room id. */
  after: string;
  limit: number;
}

/** Of a page of all rooms, those with events since then. `next`: the `after` of the next page. */
export async function movesSince(
  ctx: Context,
  { since, after, limit }: MovesAsked,
): Promise<{ heads: Record<string, number>; next: string | null }> {
  const rooms = await pageOfRooms(ctx.pool, after, limit);
  const trimmed = since < floorOf(ctx);
  const moved = rooms.filter(
    ({ id, at, last_seq }) => last_seq > 0 && !isOfUser(id) && (at === null ? trimmed : at > since),
  );
  return {
    heads: Object.fromEntries(moved.map(({ id, last_seq }) => [id, last_seq])),
    next: rooms.length < limit ? null : (rooms.at(-1)?.id ?? null),
  };
}

export interface SeqAt {
  seq: number;
  /** false: later events are missing in the log. */
  complete: boolean;
}

function seqAt({ seq, first_seq, last_seq }: RoomAt, isKept: boolean): SeqAt {
  if (seq !== null) return { seq, complete: true };
  const before = (first_seq ?? last_seq + 1) - 1;
  return before === 0 || isKept ? { seq: before, complete: true } : { seq: 0, complete: false };
}

/** The seq of each room at a moment (ms). */
export async function seqsAt(ctx: Context, rooms: string[], at: number): Promise<{ seqs: Record<string, SeqAt> }> {
  const isKept = at > floorOf(ctx);
  const shared = rooms.filter((id) => !isOfUser(id));
  const found = await roomsAt(ctx.pool, shared, at);
  return { seqs: Object.fromEntries(found.map((room) => [room.id, seqAt(room, isKept)])) };
}

export const logsAfter = async (
  ctx: Context,
  rooms: { id: string; after: number }[],
  limit: number,
): Promise<{ rooms: LogPage[] }> => {
  const shared = rooms.filter(({ id }) => !isOfUser(id));
  return { rooms: await readLogs(ctx.reads, shared, limit) };
};
