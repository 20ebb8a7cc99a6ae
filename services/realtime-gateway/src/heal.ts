// Owns: comparing with the truth, since signals are hints: heads of rooms against the log, rooms of users against message,
// the node's lease and topics against Redis. While signals are away the heads alone carry delivery, twice a second.
import { renewNode } from '@chatapi/bus';
import { every } from '@chatapi/kit';
import type { LocalUser, Node } from './node.ts';
import { reconcile } from './users.ts';

export interface Healer {
  /** Signals were lost: look at everything now. */
  all(): void;
  close(): Promise<void>;
}

const TICK_MS = 500;
const RENEW_EVERY_MS = 5000;
const COMPARE_EVERY_MS = 3000;
/** While all is well each turn looks at a share: at every room's head once in 15 s, at every user's rooms once in 60 s. */
const SHARES_OF_ROOMS = 5;
const SHARES_OF_USERS = 20;
/** Or less often: a node with a million rooms must not ask PostgreSQL for more than all that is sent. */
const MOST_ROOMS = 3000;
/** As many as one call asks for. */
const AT_ONCE = 100;

export const isWhole = (node: Node): boolean => node.link.live && node.topics.entered;

async function compareHeads(node: Node, ids: string[]): Promise<void> {
  if (ids.length === 0) return;
  const heads = await node.roomLog.heads(ids);
  for (const [id, head] of heads) {
    const room = node.rooms.get(id);
    if (room !== undefined && head > room.position) node.holes.note(room, head);
  }
}

async function compareUsers(node: Node, users: LocalUser[]): Promise<void> {
  const queue = users.values();
  const worker = async (): Promise<void> => {
    for (const user of queue) if (user.loading === undefined) await reconcile(node, user);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function renew(node: Node): Promise<boolean> {
  const known = await renewNode(node.redis, node.id);
  if (!known || !node.topics.entered) await node.topics.enterAll();
  return known;
}

const later =
  ({ log }: Node) =>
  (err: Error): void =>
    log.debug({ err: err.message }, 'healing goes on later');

/** One run at a time; what fails is tried at the next turn. */
function once(node: Node, work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => {
    running ??= work()
      .catch(later(node))
      .finally(() => {
        running = undefined;
      });
    return running;
  };
}

/** A share each time, `most` at most; after so many all have had their turn. */
function inTurn<T>(all: () => Iterable<T>, shares: number, most = Number.POSITIVE_INFINITY): () => T[] {
  let left: T[] = [];
  let share = 0;
  return () => {
    if (left.length === 0) {
      left = [...all()];
      share = Math.min(Math.ceil(left.length / shares), most);
    }
    return left.splice(-share, share);
  };
}

/** `onForgotten`: the others took this node for dead, or Redis lost its memory. */
export function startHealer(node: Node, onForgotten: () => void): Healer {
  let renewed = 0;
  let compared = 0;
  const nextRooms = inTurn(() => node.rooms.keys(), SHARES_OF_ROOMS, MOST_ROOMS);
  const nextUsers = inTurn(() => node.users.values(), SHARES_OF_USERS);

  const allHeads = once(node, () => compareHeads(node, [...node.rooms.keys()]));
  const someHeads = once(node, () => compareHeads(node, nextRooms()));
  const everybody = once(node, () => compareUsers(node, [...node.users.values()]));
  const someUsers = once(node, () =>
    compareUsers(
      node,
      nextUsers().filter((user) => node.users.get(user.id) === user),
    ),
  );
  const lease = once(node, async () => {
    if (await renew(node)) return;
    void allHeads();
    void everybody();
    onForgotten();
  });

  const tick = async (): Promise<void> => {
    const now = Date.now();
    if (now - renewed >= (isWhole(node) ? RENEW_EVERY_MS : TICK_MS)) {
      renewed = now;
      void lease();
    }
    if (now - compared >= (isWhole(node) ? COMPARE_EVERY_MS : TICK_MS)) {
      compared = now;
      void (isWhole(node) ? someHeads() : allHeads());
      void someUsers();
    }
  };
  void tick();
  const ticks = every(TICK_MS, tick, later(node));
  return {
    all() {
      renewed = 0;
      void allHeads();
      void everybody();
    },
    close: ticks.close,
  };
}
