import { createSignalCheck, createSignals, createTypingNotices, type Revocation } from '@chatapi/bus';
import { type Base, newId } from '@chatapi/kit';
import {
  createAccessVerifier,
  createCredentials,
  createFileLinks,
  createRateLimiter,
  createRevocationSet,
  fetchRevocationsFrom,
  type ServiceName,
  showRevocations,
} from '@chatapi/kit/auth';
import { openRedis } from '@chatapi/kit/data';
import { createRpcClient, type ServiceClient } from '@chatapi/kit/rpc';
import type { Config } from './config.ts';
import { closeRevoked } from './connections/close-revoked.ts';
import { createConnectionLimit } from './connections/connection-limit.ts';
import { createConnectionLog } from './connections/connection-log.ts';
import { createFrameBudget } from './connections/frame-budget.ts';
import { createUpgradeBudget } from './connections/upgrade-budget.ts';
import type { Context, Node } from './context.ts';
import { answerSends } from './frames/message.ts';
import { createLogReader } from './message-service/log-reader.ts';
import { createMembersReader } from './message-service/members-reader.ts';
import { createMessageFrames } from './message-service/message-frames.ts';
import { createPositions } from './message-service/positions.ts';
import { createSendQueue } from './message-service/send-queue.ts';
import { createStreamBases } from './message-service/stream-bases.ts';
import { createNodeMetrics } from './metrics.ts';
import { createGaps } from './rooms/gaps.ts';
import { createTopics } from './rooms/topics.ts';
import { openSubscription } from './signals/subscription.ts';
import { createStaffFeed } from './staff/staff-feed.ts';
import { startHeartbeat } from './upkeep/heartbeat.ts';
import { startReconciler } from './upkeep/missed-signals.ts';
import { createOnlineReporter } from './users/online-reporter.ts';
import { announceOnline, createPresenceAnnouncer, leaveCluster } from './users/presence.ts';
import { createWriter } from './wire/writer.ts';

/** The node without its timers and its subscription. */
async function openNode(base: Base<Config>): Promise<Node> {
  const { config, log, metrics } = base;
  const client = (name: ServiceName, urls: string[]): ServiceClient => createRpcClient(name, urls, base.keys);
  const id = `${config.INSTANCE}.${newId('con').slice(-12)}`;
  const redis = await openRedis(config.REDIS_URL, log);
  const auth = client('auth', config.AUTH_INTERNAL_URL);
  const message = client('message', config.MESSAGE_INTERNAL_URL);
  const admin = client('admin', config.ADMIN_INTERNAL_URL);
  const writer = createWriter((at) => node.nodeMetrics.delivered(at));
  const limiter = createRateLimiter(redis, log);
  const credentials = createCredentials({ auth, log, limiter });
  const node: Node = {
    ...base,
    id,
    draining: false,
    redis,
    signals: createSignals(redis, base.keys),
    signalCheck: createSignalCheck(base.keys, id),
    auth,
    message,
    userService: client('user', config.USER_INTERNAL_URL),
    admin,
    verifier: createAccessVerifier(config, () => auth.call('GET', '/internal/jwks')),
    revocations: createRevocationSet<Revocation>({
      log,
      onRevoked(record) {
        credentials.forget(record);
        closeRevoked(node, record);
        if (record.kind === 'role') node.staffFeed.recheck(record.subject);
      },
      fetchAfter: fetchRevocationsFrom(auth),
    }),
    credentials,
    limiter,
    frameBudget: createFrameBudget(limiter, config.RATE_LIMIT_WS_FRAMES),
    upgradeBudget: createUpgradeBudget(limiter, config.RATE_LIMIT_UPGRADES),
    fileLinks: createFileLinks(config),
    connections: new Map(),
    users: new Map(),
    rooms: new Map(),
    lagging: new Set(),
    link: { live: false },
    serials: { connectionPrefix: `con_${id.slice(-12)}`, connections: 0, clientIds: 0 },
    roomLog: createLogReader(message),
    messageFrames: createMessageFrames(message),
    staffFrames: createMessageFrames(admin),
    members: createMembersReader(message),
    streamBases: createStreamBases(message),
    topics: createTopics(redis, id, log),
    online: createOnlineReporter(),
    gaps: createGaps(() => node),
    writer,
    sends: createSendQueue(id, message, log, (outcomes) => answerSends(node, outcomes)),
    positions: createPositions(message, log),
    connectionLimit: createConnectionLimit(() => node),
    presence: createPresenceAnnouncer(() => node),
    staffFeed: createStaffFeed(() => node),
    connectionLog: createConnectionLog({ node: id, instance: config.INSTANCE, admin, log }),
    typing: createTypingNotices(redis),
    nodeMetrics: createNodeMetrics(metrics, {
      connections: () => node.connections.size,
      users: () => node.users.size,
      rooms: () => node.rooms.size,
      framesOut: () => writer.frames,
      slowReaders: () => node.lagging.size,
      signalsLive: () => node.link.live,
      limiter,
    }),
  };
  return node;
}

export async function open(base: Base<Config>): Promise<Context> {
  const node = await openNode(base);
  // So that they are there when the document is asked for.
  void node.messageFrames.read();
  void node.staffFrames.read();
  showRevocations(base.metrics, node.revocations);
  await node.revocations.start();
  const reconciler = startReconciler(node, () => {
    const online = [...node.users.values()].filter(({ connections }) => connections.length > 0);
    void announceOnline(node, online).catch((err: Error) =>
      node.log.debug({ err: err.message }, 'presence was not published'),
    );
  });
  const subscription = openSubscription(node, () => reconciler.compareAll());
  return Object.assign(node, {
    reconciler,
    subscription,
    heartbeat: startHeartbeat(node),
    onlineReporting: node.online.start(node),
  });
}

/** Ready without Redis, since heads are polled meanwhile. Not ready until revocations are known. */
export async function ready(ctx: Context): Promise<void> {
  ctx.revocations.requireLoaded();
}

export async function close(ctx: Context): Promise<void> {
  ctx.revocations.close();
  await ctx.credentials.close();
  await Promise.all(
    [
      ctx.reconciler,
      ctx.heartbeat,
      ctx.subscription,
      ctx.positions,
      ctx.onlineReporting,
      ctx.staffFeed,
      ctx.connectionLog,
    ].map((part) => part.close()),
  );
  await leaveCluster(ctx).catch((err: Error) =>
    ctx.log.debug({ err: err.message }, 'could not leave the cluster: the lease will expire'),
  );
  ctx.redis.disconnect();
}
