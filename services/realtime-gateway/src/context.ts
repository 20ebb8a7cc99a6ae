import type { Revocation } from '@chatapi/bus';
import {
  type Base,
  identityKey,
  newId,
  openAccessVerifier,
  openFileLinks,
  openKeptPeer,
  openLimiter,
  openRedis,
  openRevocationSet,
  type Peer,
  type Recurring,
} from '@chatapi/kit';
import type { Config } from './config.ts';
import { openConnectionLimit } from './connection-limit.ts';
import { openFigures } from './figures.ts';
import { answerSends } from './frames/message.ts';
import { type Healer, startHealer } from './heal.ts';
import { startHeartbeat } from './heartbeat.ts';
import { openHoles } from './holes.ts';
import { openLogReader } from './log-reader.ts';
import { openMembersReader } from './members-reader.ts';
import type { Node } from './node.ts';
import { openOnline } from './online.ts';
import { openPositions } from './positions.ts';
import { cameOnline, openArrivals, retire } from './presence.ts';
import { closeRevoked } from './revocation.ts';
import { openSends } from './sends.ts';
import { openSubscription, type Subscription } from './subscription.ts';
import { openTopics } from './topics.ts';
import { openWriter } from './writer.ts';

export const VERSION = '0.1.0';

export interface Context extends Node {
  subscription: Subscription;
  healer: Healer;
  heartbeat: Recurring;
  counted: Recurring;
}

const REVOCATIONS_MS = 1000;

/** The node without its clocks and its subscription. */
async function openNode(base: Base<Config>): Promise<Node> {
  const { config, log, metrics } = base;
  const key = identityKey(config.INTERNAL_SECRET_KEY);
  const peer = (name: string, urls: string[]): Peer => openKeptPeer(name, urls, key, 'realtime-gateway');
  const id = `${config.INSTANCE}.${newId('con').slice(-12)}`;
  const redis = await openRedis(config.REDIS_URL, log);
  const auth = peer('auth', config.AUTH_INTERNAL_URL);
  const message = peer('message', config.MESSAGE_INTERNAL_URL);
  const writer = openWriter();
  const node: Node = {
    ...base,
    id,
    key,
    draining: false,
    redis,
    auth,
    message,
    people: peer('user', config.USER_INTERNAL_URL),
    verifier: openAccessVerifier(config, () => auth.call('GET', '/internal/jwks')),
    revocations: openRevocationSet<Revocation>({
      log,
      onRevoked: (record) => closeRevoked(node, record),
      async fetchAfter(seq, wait_ms) {
        const options = { query: { after: seq, wait_ms }, timeoutMs: wait_ms + REVOCATIONS_MS };
        return (await auth.call<{ revocations: Revocation[] }>('GET', '/internal/revocations', options)).revocations;
      },
    }),
    limiter: openLimiter(redis, log),
    links: openFileLinks(config.INTERNAL_SECRET_KEY, config.FILE_URL_TTL),
    connections: new Map(),
    users: new Map(),
    rooms: new Map(),
    lagging: new Set(),
    link: { live: false },
    roomLog: openLogReader(message),
    members: openMembersReader(message),
    topics: openTopics(redis, id, log),
    online: openOnline(),
    holes: openHoles(() => node),
    writer,
    sends: openSends(id, message, log, (outcomes) => answerSends(node, outcomes)),
    positions: openPositions(message, log),
    limit: openConnectionLimit(() => node),
    arrivals: openArrivals(() => node),
    figures: openFigures(metrics, {
      connections: () => node.connections.size,
      users: () => node.users.size,
      rooms: () => node.rooms.size,
      framesOut: () => writer.frames,
    }),
  };
  return node;
}

export async function open(base: Base<Config>): Promise<Context> {
  const node = await openNode(base);
  await node.revocations.start();
  const healer = startHealer(node, () => {
    const here = [...node.users.values()].filter(({ connections }) => connections.length > 0);
    void cameOnline(node, here).catch((err: Error) => node.log.debug({ err: err.message }, 'presence goes on later'));
  });
  const subscription = openSubscription(node, () => healer.all());
  return Object.assign(node, {
    healer,
    subscription,
    heartbeat: startHeartbeat(node),
    counted: node.online.start(node),
  });
}

const NOBODY = { user_id: '', session_id: '', role: 'user', issued_at: 0, expires_at: 0 } as const;

/** Redis away is no reason to be taken out of the balance: heads are polled meanwhile. Knowing no revocations is one. */
export async function ready(ctx: Context): Promise<void> {
  ctx.revocations.admit(NOBODY);
}

export async function close(ctx: Context): Promise<void> {
  ctx.revocations.close();
  await Promise.all(
    [ctx.healer, ctx.heartbeat, ctx.subscription, ctx.positions, ctx.counted].map((one) => one.close()),
  );
  await retire(ctx).catch((err: Error) => ctx.log.debug({ err: err.message }, 'the lease runs out by itself'));
  ctx.redis.disconnect();
}
