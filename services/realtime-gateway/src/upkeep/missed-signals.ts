// Compares the node with its sources of truth, since signals may be lost: rooms' heads with the
// log, users' rooms with the message service, lease and topics with Redis. Without signals, events
// are found here.
import { renewNode } from '@chatapi/bus';
import { every } from '@chatapi/kit';
import type { Node, Reconciler } from '../context.ts';
import type { LocalUser } from '../state.ts';
import { compareVersions } from '../users/removed-members.ts';
import { reconcile } from '../users/users.ts';

const TICK_MS = 500;
const RENEW_EVERY_MS = 5000;
const COMPARE_EVERY_MS = 3000;
/**
 * While healthy, each run compares a share: every room's head in 15 s, every user's rooms in 60 s.
 */
const ROOM_SHARES = 5;
const USER_SHARES = 20;
/** Bounds the load on PostgreSQL: on a node with very many rooms a full pass takes longer. */
const MAX_ROOMS = 3000;
/** As many as fit in one call. */
const CONCURRENCY = 100;

const isHealthy = (node: Node): boolean => node.link.live && node.topics.entered;

async function compareHeads(node: Node, ids: string[]): Promise<void> {
  if (ids.length === 0) return;
  const heads = await node.roomLog.heads(ids);
  const seen = [...heads].flatMap(([id, { seq, version }]) => {
    const room = node.rooms.get(id);
    return room === undefined ? [] : [{ room, version, seq }];
  });
  // First, so that who was removed does not get what came after.
  await compareVersions(node, seen);
  for (const { room, seq } of seen) if (seq > room.position) node.gaps.noteHead(room, seq);
}

async function compareUsers(node: Node, users: LocalUser[]): Promise<void> {
  const queue = users.values();
  const worker = async (): Promise<void> => {
    for (const user of queue) if (user.loading === undefined) await reconcile(node, user);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
}

async function renew(node: Node): Promise<boolean> {
  const known = await renewNode(node.redis, node.id);
  if (!known || !node.topics.entered) await node.topics.enterAll();
  return known;
}

const onError =
  ({ log }: Node) =>
  (err: Error): void =>
    log.debug({ err: err.message }, 'the comparison failed and is retried');

/** One run at a time; a failed run is repeated at the next tick. */
function singleFlight(node: Node, work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => {
    running ??= work()
      .catch(onError(node))
      .finally(() => {
        running = undefined;
      });
    return running;
  };
}

/**
 * Returns one of `shares` parts at each call, at most `max` items, until all have been returned.
 */
function inShares<T>(all: () => Iterable<T>, shares: number, max = Number.POSITIVE_INFINITY): () => T[] {
  let rest: T[] = [];
  let share = 0;
  return () => {
    if (rest.length === 0) {
      rest = [...all()];
      share = Math.min(Math.ceil(rest.length / shares), max);
    }
    return rest.splice(-share, share);
  };
}

/** @param onForgotten called when other nodes took this one for dead, or Redis lost its data. */
export function startReconciler(node: Node, onForgotten: () => void): Reconciler {
  let renewedAt = 0;
  let comparedAt = 0;
  const nextRooms = inShares(() => node.rooms.keys(), ROOM_SHARES, MAX_ROOMS);
  const nextUsers = inShares(() => node.users.values(), USER_SHARES);

  const allHeads = singleFlight(node, () => compareHeads(node, [...node.rooms.keys()]));
  const someHeads = singleFlight(node, () => compareHeads(node, nextRooms()));
  const allUsers = singleFlight(node, () => compareUsers(node, [...node.users.values()]));
  const someUsers = singleFlight(node, () =>
    compareUsers(
      node,
      nextUsers().filter((user) => node.users.get(user.id) === user),
    ),
  );
  const lease = singleFlight(node, async () => {
    if (await renew(node)) return;
    void allHeads();
    void allUsers();
    onForgotten();
  });

  const tick = async (): Promise<void> => {
    const now = Date.now();
    if (now - renewedAt >= (isHealthy(node) ? RENEW_EVERY_MS : TICK_MS)) {
      renewedAt = now;
      void lease();
    }
    if (now - comparedAt >= (isHealthy(node) ? COMPARE_EVERY_MS : TICK_MS)) {
      comparedAt = now;
      void (isHealthy(node) ? someHeads() : allHeads());
      void someUsers();
    }
  };
  void tick();
  const ticks = every(TICK_MS, tick, onError(node));
  return {
    compareAll() {
      renewedAt = 0;
      void allHeads();
      void allUsers();
    },
    close: ticks.close,
  };
}
