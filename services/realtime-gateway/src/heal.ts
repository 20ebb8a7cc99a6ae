// Owns: comparing with the truth, since signals are hints: heads of rooms against the log, rooms of users against message,
// the node's lease and topics against Redis. While signals are away the heads alone carry delivery, twice a second.
import { renewNode } from '@chatapi/bus';
import type { LocalUser, Node } from './node.ts';
import { reconcile } from './users.ts';

export interface Healer {
  /** Signals were lost: look at everything now. */
  all(): void;
  close(): void;
}

const TICK_MS = 500;
const HEADS_EVERY_MS = 3000;
const RENEW_EVERY_MS = 5000;
/** Every user is compared once in this time, a few each tick; with signals away at once. */
const USERS_EVERY_MS = 60_000;
/** As many as one call asks for. */
const AT_ONCE = 100;

export const isWhole = (node: Node): boolean => node.link.live && node.topics.entered;

async function compareHeads(node: Node): Promise<void> {
  const heads = await node.roomLog.heads([...node.rooms.keys()]);
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

/** One run at a time; what fails is tried at the next turn. */
function once(node: Node, work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => {
    running ??= work()
      .catch((err: Error) => node.log.debug({ err: err.message }, 'healing goes on later'))
      .finally(() => {
        running = undefined;
      });
    return running;
  };
}

/** `onForgotten`: the others took this node for dead, or Redis lost its memory. */
export function startHealer(node: Node, onForgotten: () => void): Healer {
  let renewed = 0;
  let compared = 0;
  let rotation: LocalUser[] = [];

  const heads = once(node, () => compareHeads(node));
  const everybody = once(node, () => compareUsers(node, [...node.users.values()]));
  const some = once(node, async () => {
    if (rotation.length === 0) rotation = [...node.users.values()];
    const share = Math.ceil(node.users.size / (USERS_EVERY_MS / TICK_MS));
    await compareUsers(
      node,
      rotation.splice(0, share).filter((user) => node.users.get(user.id) === user),
    );
  });
  const lease = once(node, async () => {
    if (await renew(node)) return;
    void heads();
    void everybody();
    onForgotten();
  });

  const tick = (): void => {
    const now = Date.now();
    if (now - renewed >= (isWhole(node) ? RENEW_EVERY_MS : TICK_MS)) {
      renewed = now;
      void lease();
    }
    if (now - compared >= (isWhole(node) ? HEADS_EVERY_MS : TICK_MS)) {
      compared = now;
      void heads();
    }
    void some();
  };
  tick();
  const timer = setInterval(tick, TICK_MS);
  return {
    all() {
      renewed = 0;
      void heads();
      void everybody();
    },
    close: () => clearInterval(timer),
  };
}
