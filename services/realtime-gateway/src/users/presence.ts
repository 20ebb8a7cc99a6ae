// Publishes presence changes. A user is online while any live node has the user's topic. A node
// keeps the topic for GRACE_MS after the last connection, so that a reconnect publishes nothing.
import { setTimeout as sleep } from 'node:timers/promises';
import { nodesOf, type PacketRecord, retireNode, roomTopic, sweepNodes, userTopic } from '@chatapi/bus';
import type { Node, PresenceAnnouncer } from '../context.ts';
import { coalesce } from '../message-service/coalesce.ts';
import type { LocalUser } from '../state.ts';
import type { ServerFrames } from '../wire/node-frames.ts';
import { removeUser } from './users.ts';

const GRACE_MS = 5000;
const MAX_TRIES = 4;
const PAUSE_MS = 1000;

type Status = 'online' | 'offline';

const statusRecords = (userId: string, status: Status, audience: string[]): PacketRecord[] => {
  const timestamp = new Date().toISOString();
  const statusFrame: ServerFrames['user_status'] = { type: 'user_status', user_id: userId, status, timestamp };
  const frame = JSON.stringify(statusFrame);
  return audience.map((id) => ({
    kind: 'notice',
    topic: userTopic(id),
    room: '',
    seq: 0,
    sender: userId,
    origin: '',
    frame,
  }));
};

async function publishStatusOnce(node: Node, userIds: string[], status: Status): Promise<void> {
  const audience = Object.entries(await node.members.presenceAudiences(userIds));
  await node.signals.publish(audience.flatMap(([userId, ids]) => statusRecords(userId, status, ids)));
}

/** Retries over a restart of Redis or the message service, then gives up: REST shows the status. */
async function publishStatus(node: Node, userIds: string[], status: Status): Promise<void> {
  for (let left = userIds.length === 0 ? 0 : MAX_TRIES; left > 0; left--) {
    try {
      await publishStatusOnce(node, userIds, status);
      return;
    } catch (err) {
      node.log.debug({ err: (err as Error).message }, 'a status was not published and is retried');
      await sleep(PAUSE_MS);
    }
  }
}

/** Publishes `online` for users that no other node has. @throws when Redis is down. */
export async function announceOnline(node: Node, users: LocalUser[]): Promise<void> {
  const visible = users.filter(({ hasPresenceAudience }) => hasPresenceAudience);
  const nodes = await nodesOf(
    node.redis,
    visible.map(({ id }) => userTopic(id)),
  );
  const fresh = visible.filter((_, i) => nodes[i]?.every((id) => id === node.id));
  await publishStatus(
    node,
    fresh.map(({ id }) => id),
    'online',
  );
}

export function createPresenceAnnouncer(of: () => Node): PresenceAnnouncer {
  const announceMany = coalesce<LocalUser, void>((users) => announceOnline(of(), users).then(() => []));
  return {
    announce(user) {
      if (user.hasPresenceAudience)
        announceMany(user).catch((err: Error) => of().log.debug({ err: err.message }, 'a status was not published'));
    },
  };
}

/** Publishes `offline` for users that no node has. @throws when Redis is down. */
async function announceOffline(node: Node, userIds: string[]): Promise<void> {
  if (userIds.length === 0) return;
  const nodes = await nodesOf(node.redis, userIds.map(userTopic));
  const gone = userIds.filter((_, i) => nodes[i]?.length === 0);
  if (gone.length === 0) return;
  const last_seen = new Date().toISOString();
  const offline = gone.map((user_id) => ({ user_id, last_seen }));
  await node.userService
    .call('POST', '/internal/presence', { body: { offline } })
    .catch((err: Error) => node.log.debug({ err: err.message }, 'last-seen times were not stored'));
  await publishStatus(node, gone, 'offline');
}

/** Removes users without a connection for longer than GRACE_MS. */
export async function removeIdleUsers(node: Node): Promise<void> {
  const now = Date.now();
  const idle = [...node.users.values()].filter(
    (u) => u.connections.length === 0 && u.pins === 0 && u.loading === undefined && now - u.idleSince > GRACE_MS,
  );
  if (idle.length === 0) return;
  for (const user of idle) removeUser(node, user);
  await node.topics.leave(idle.map(({ id }) => userTopic(id)));
  await announceOffline(
    node,
    idle.map(({ id }) => id),
  );
}

const usersIn = (topics: string[]): string[] =>
  topics.filter((t) => t.startsWith(userTopic(''))).map((t) => t.slice(userTopic('').length));

/** Removes dead nodes from the interest map; users that no other node has are offline. */
export async function sweepDeadNodes(node: Node): Promise<void> {
  for (const { node: dead, topics } of await sweepNodes(node.redis)) {
    node.log.info({ dead, topics: topics.length }, 'removed a dead node');
    await announceOffline(node, usersIn(topics));
  }
}

/** Last step of a stop. Other nodes publish `offline` for users who do not reconnect in time. */
export async function leaveCluster(node: Node): Promise<void> {
  await node.topics.leave([...node.rooms.keys()].map(roomTopic));
  await retireNode(node.redis, node.id, GRACE_MS);
}
