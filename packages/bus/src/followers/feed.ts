// Hands items of the log to followers: in order per room, some rooms of each follower at a time.
// Memory is bounded: per follower a few rooms with a page of events each.
import type { Follower, FollowersOptions, Item, LogPage, Outcome, Task } from './follower.ts';
import type { Outcomes } from './outcomes.ts';
import { type Begin, begin, type Due, dueRooms, whoIsDue } from './position-store.ts';
import type { Shards } from './shards.ts';

/** Rooms that are read at once for a follower. */
const ROOMS = 50;
const PAGE = 20;
/** A page that waited longer is read again: a message may have been deleted meanwhile. */
const FRESH_MS = 2000;
/** Pause before a log is read again that had nothing. */
const NOTHING_MS = 5000;

interface Ready extends Due {
  seq: number;
  items: Item[];
  readAt: number;
}

interface Lane {
  ready: Ready[];
  running: number;
  filling: Promise<void> | undefined;
}

function itemsOf({ epoch, first_seq, events }: LogPage, after: number): Item[] {
  const next = events[0]?.seq ?? first_seq;
  const gap: Item[] = next > after + 1 ? [{ kind: 'gap', epoch, from: after + 1, seq: next - 1 }] : [];
  return [...gap, ...events.map((event): Item => ({ kind: 'event', ...event }))];
}

export interface Feed {
  /** Looks for work of these followers. */
  pump(followers: Follower[]): Promise<void>;
  /** Resolves when nothing runs; starts nothing more. */
  close(): Promise<void>;
}

export function createFeed<E>(
  { db, source, parallel, handle, log }: FollowersOptions<E>,
  shards: Pick<Shards, 'mine' | 'instances'>,
  outcomes: Outcomes<E>,
): Feed {
  const lanes = new Map<string, Lane>();
  /** `follower room` */
  const busy = new Set<string>();
  const running = new Set<Promise<void>>();
  let closed = false;
  const keyOf = ({ follower, room_id }: Pick<Due, 'follower' | 'room_id'>): string => `${follower} ${room_id}`;
  const share = (): number => Math.max(1, Math.floor(parallel / shards.instances()));

  /** Where followers begin in rooms that they meet for the first time. */
  async function findBegins(follower: Follower, rooms: Due[]): Promise<void> {
    const unknown = rooms.filter(({ seq }) => seq === null);
    if (unknown.length === 0) return;
    const seqs = await source.seqsAt(
      unknown.map(({ room_id }) => room_id),
      follower.from,
    );
    const begins: Begin[] = [];
    for (const room of unknown) {
      const found = seqs[room.room_id];
      if (found === undefined) continue;
      room.seq = found.seq;
      begins.push({ follower: follower.id, room_id: room.room_id, seq: found.seq });
    }
    await begin(db, begins);
  }

  async function pagesOf(rooms: Due[]): Promise<Ready[]> {
    const known = rooms.filter((room): room is Due & { seq: number } => room.seq !== null);
    if (known.length === 0) return [];
    const pages = new Map(
      (
        await source.read(
          known.map(({ room_id: id, seq: after }) => ({ id, after })),
          PAGE,
        )
      ).map((page) => [page.id, page]),
    );
    const readAt = performance.now();
    return known.flatMap((room) => {
      const page = pages.get(room.room_id);
      const items = page === undefined ? [] : itemsOf(page, room.seq);
      if (items.length > 0) return [{ ...room, items, readAt }];
      // The log is behind what was told: it was restored, or the room is gone.
      const { follower, room_id, generation, seq } = room;
      outcomes.add({ follower, room_id, generation, seq, again_ms: NOTHING_MS });
      return [];
    });
  }

  async function fill(follower: Follower, lane: Lane): Promise<void> {
    const due = await dueRooms(db, follower.id, shards.mine(), ROOMS + busy.size);
    const rooms = due.filter((room) => !busy.has(keyOf(room))).slice(0, ROOMS);
    for (const room of rooms) busy.add(keyOf(room));
    let ready: Ready[] = [];
    try {
      await findBegins(follower, rooms);
      ready = await pagesOf(rooms);
    } finally {
      const taken = new Set(ready.map(keyOf));
      for (const room of rooms) if (!taken.has(keyOf(room))) busy.delete(keyOf(room));
    }
    lane.ready.push(...ready);
  }

  function note({ follower, room_id, generation }: Ready, item: Item, before: number, outcome: Outcome<E>): void {
    const move = { follower, room_id, generation, seq: item.seq, again_ms: null };
    if (outcome.kind === 'done') outcomes.add(move, outcome.effect);
    else if (outcome.kind === 'passed') outcomes.add(move);
    else if (outcome.kind === 'again') outcomes.add({ ...move, seq: before, again_ms: outcome.inMs }, outcome.effect);
    else if (outcome.effect !== undefined) outcomes.add({ ...move, seq: before }, outcome.effect);
  }

  /** @returns whether the follower goes on. */
  async function work(room: Ready): Promise<boolean> {
    let { seq, attempt, failing_since } = room;
    let goesOn = true;
    for (const item of room.items) {
      if (closed || performance.now() - room.readAt > FRESH_MS) break;
      const task: Task = { follower: room.follower, room: room.room_id, item, attempt, failing_since };
      const outcome = await handle(task);
      note(room, item, seq, outcome);
      goesOn = outcome.kind !== 'stopped';
      if (outcome.kind === 'again' || !goesOn) break;
      seq = item.seq;
      attempt = 0;
      failing_since = null;
    }
    // What was not recorded would be handed out again.
    await outcomes.committed();
    return goesOn;
  }

  function drop(lane: Lane): void {
    for (const room of lane.ready.splice(0)) busy.delete(keyOf(room));
  }

  function start(follower: Follower, lane: Lane): void {
    while (!closed && lane.running < share() && lane.ready.length > 0) {
      const room = lane.ready.shift() as Ready;
      lane.running++;
      const run = work(room)
        .catch((err) => {
          log.error({ err, follower: follower.id }, 'a follower failed');
          return true;
        })
        .then((goesOn) => {
          lane.running--;
          busy.delete(keyOf(room));
          running.delete(run);
          // What stopped still has work that is due, and would be asked again and again.
          if (goesOn) next(follower, lane);
          else drop(lane);
        });
      running.add(run);
    }
  }

  function next(follower: Follower, lane: Lane): void {
    start(follower, lane);
    if (closed || lane.filling !== undefined || lane.ready.length > 0 || lane.running >= share()) return;
    lane.filling = fill(follower, lane)
      .catch((err) => log.debug({ err: err.message }, 'the log was not read for a follower; will retry'))
      .finally(() => {
        lane.filling = undefined;
        start(follower, lane);
      });
  }

  /** What is ready for followers that are no longer active. */
  function forget(followers: Follower[]): void {
    const active = new Set(followers.filter((one) => one.active).map(({ id }) => id));
    for (const [id, lane] of lanes) {
      if (active.has(id)) continue;
      drop(lane);
      if (lane.running === 0 && lane.filling === undefined) lanes.delete(id);
    }
  }

  return {
    async pump(followers) {
      forget(followers);
      const active = followers.filter((one) => one.active);
      if (closed || active.length === 0 || shards.mine().length === 0) return;
      const due = new Set(
        await whoIsDue(
          db,
          active.map(({ id }) => id),
          shards.mine(),
        ),
      );
      for (const follower of active) {
        if (!due.has(follower.id)) continue;
        const lane = lanes.get(follower.id) ?? { ready: [], running: 0, filling: undefined };
        lanes.set(follower.id, lane);
        next(follower, lane);
      }
    },
    async close() {
      closed = true;
      await Promise.all([...running, ...[...lanes.values()].map(({ filling }) => filling)]);
    },
  };
}
