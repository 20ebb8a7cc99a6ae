// Owns: who is told that a user came or went. A user is online while any live node has the user's topic; a node keeps the
// topic for GRACE_MS after the last connection, so a reconnect, here or elsewhere, shows nothing.
import { setTimeout as sleep } from 'node:timers/promises';
import { nodesOf, type PacketRecord, publishRecords, retireNode, roomTopic, sweepNodes, userTopic } from '@chatapi/bus';
import { gathered } from './gather.ts';
import type { LocalUser, Node } from './node.ts';
import { forgetUser } from './users.ts';

export const GRACE_MS = 5000;
const TRIES = 4;
const PAUSE_MS = 1000;

type Status = 'online' | 'offline';

const statusRecords = (userId: string, status: Status, peers: string[]): PacketRecord[] => {
  const frame = JSON.stringify({ type: 'user_status', user_id: userId, status, timestamp: new Date().toISOString() });
  return peers.map((id) => ({
    kind: 'notice',
    topic: userTopic(id),
    room: '',
    seq: 0,
    sender: userId,
    origin: '',
    frame,
  }));
};

async function tellOnce(node: Node, userIds: string[], status: Status): Promise<void> {
  const peers = Object.entries(await node.members.peersOf(userIds));
  await publishRecords(
    node.redis,
    peers.flatMap(([userId, ids]) => statusRecords(userId, status, ids)),
  );
}

/** A restart of message or Redis fits in; then it is not told, and only who asks sees it. */
async function tellPeers(node: Node, userIds: string[], status: Status): Promise<void> {
  for (let left = userIds.length === 0 ? 0 : TRIES; left > 0; left--) {
    try {
      await tellOnce(node, userIds, status);
      return;
    } catch (err) {
      node.log.debug({ err: (err as Error).message }, 'a status was not told yet');
      await sleep(PAUSE_MS);
    }
  }
}

/** Tells of those whom no other node has. @throws when Redis is away. */
export async function cameOnline(node: Node, users: LocalUser[]): Promise<void> {
  const seen = users.filter(({ hasPeers }) => hasPeers);
  const nodes = await nodesOf(
    node.redis,
    seen.map(({ id }) => userTopic(id)),
  );
  const fresh = seen.filter((_, i) => nodes[i]?.every((id) => id === node.id));
  await tellPeers(
    node,
    fresh.map(({ id }) => id),
    'online',
  );
}

export interface Arrivals {
  /** Of a user who has come to this node. */
  tell(user: LocalUser): void;
}

export function openArrivals(of: () => Node): Arrivals {
  const came = gathered<LocalUser, void>((users) => cameOnline(of(), users).then(() => []));
  return {
    tell(user) {
      if (user.hasPeers)
        came(user).catch((err: Error) => of().log.debug({ err: err.message }, 'a status was not told'));
    },
  };
}

/** Tells of those whom no node has (any more). @throws when Redis is away. */
async function wentOffline(node: Node, userIds: string[]): Promise<void> {
  if (userIds.length === 0) return;
  const nodes = await nodesOf(node.redis, userIds.map(userTopic));
  const gone = userIds.filter((_, i) => nodes[i]?.length === 0);
  if (gone.length === 0) return;
  const last_seen = new Date().toISOString();
  const offline = gone.map((user_id) => ({ user_id, last_seen }));
  await node.people
    .call('POST', '/internal/presence', { body: { offline } })
    .catch((err: Error) => node.log.debug({ err: err.message }, 'last seen was not kept'));
  await tellPeers(node, gone, 'offline');
}

/** Users without a connection for longer than the grace leave this node. */
export async function forgetIdle(node: Node): Promise<void> {
  const now = Date.now();
  const idle = [...node.users.values()].filter(
    (u) => u.connections.length === 0 && u.pins === 0 && u.loading === undefined && now - u.idleSince > GRACE_MS,
  );
  if (idle.length === 0) return;
  for (const user of idle) forgetUser(node, user);
  await node.topics.leave(idle.map(({ id }) => userTopic(id)));
  await wentOffline(
    node,
    idle.map(({ id }) => id),
  );
}

const usersIn = (topics: string[]): string[] =>
  topics.filter((t) => t.startsWith(userTopic(''))).map((t) => t.slice(userTopic('').length));

/** Takes dead nodes out of the map; whom nobody else has is offline. */
export async function sweepDead(node: Node): Promise<void> {
  for (const { node: dead, topics } of await sweepNodes(node.redis)) {
    node.log.info({ dead, topics: topics.length }, 'a node is gone');
    await wentOffline(node, usersIn(topics));
  }
}

/** At the end of a stop: who does not come back elsewhere within the grace is for the other nodes to tell. */
export async function retire(node: Node): Promise<void> {
  await node.topics.leave([...node.rooms.keys()].map(roomTopic));
  await retireNode(node.redis, node.id, GRACE_MS);
}
