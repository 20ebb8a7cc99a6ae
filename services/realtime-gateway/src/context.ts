import { randomBytes } from 'node:crypto';
import type { Revocation } from '@chatapi/bus';
import {
  type AccessVerifier,
  type Base,
  identityKey,
  openAccessVerifier,
  openLimiter,
  openPeer,
  openRedis,
  openRevocationSet,
  type Peer,
  type RevocationSet,
} from '@chatapi/kit';
import type { Config } from './config.ts';
import { openFigures } from './figures.ts';
import { answerSend } from './frames/message.ts';
import { startHealer } from './heal.ts';
import { startHeartbeat } from './heartbeat.ts';
import { openHoles } from './holes.ts';
import { openLogReader } from './log-reader.ts';
import type { Node } from './node.ts';
import { openPositions } from './positions.ts';
import { cameOnline, retire } from './presence.ts';
import { closeRevoked } from './revocation.ts';
import { openSends } from './sends.ts';
import { openSubscription } from './subscription.ts';
import { openTopics } from './topics.ts';
import { openWriter } from './writer.ts';

export interface Context extends Node {
  /** Ends everything that runs by itself. */
  stop(): Promise<void>;
}

function openVerifier(config: Config, auth: Peer): AccessVerifier {
  return openAccessVerifier(config, () => auth.call('GET', '/internal/jwks'));
}

function openRevocations({ log }: Base<Config>, auth: Peer, node: () => Node): RevocationSet {
  return openRevocationSet<Revocation>({
    fetchAfter: async (after) =>
      (await auth.call<{ revocations: Revocation[] }>('GET', '/internal/revocations', { query: { after } }))
        .revocations,
    onRevoked: (record) => closeRevoked(node(), record),
    log,
  });
}

/** The parts know each other through the node; none uses it before all are there. */
function assemble(base: Base<Config>): Node {
  const { config, log, metrics } = base;
  const key = identityKey(config.INTERNAL_SECRET_KEY);
  const peer = (name: string, urls: string[]): Peer => openPeer(name, urls, key, 'realtime-gateway');
  const auth = peer('auth', config.AUTH_INTERNAL_URL);
  const message = peer('message', config.MESSAGE_INTERNAL_URL);
  const redis = openRedis(config.REDIS_URL, log);
  const id = `${config.INSTANCE}-${randomBytes(6).toString('hex')}`;
  const writer = openWriter();
  const self = (): Node => node;
  const node: Node = {
    ...base,
    id,
    draining: false,
    redis,
    auth,
    message,
    people: peer('user', config.USER_INTERNAL_URL),
    verifier: openVerifier(config, auth),
    revocations: openRevocations(base, auth, self),
    limiter: openLimiter(redis, log),
    connections: new Map(),
    users: new Map(),
    rooms: new Map(),
    lagging: new Set(),
    link: { live: false },
    roomLog: openLogReader(message),
    topics: openTopics(redis, id, log),
    holes: openHoles(self),
    writer,
    sends: openSends(message, log, (send, outcome) => answerSend(self(), send, outcome)),
    positions: openPositions(message, log),
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
  const node = assemble(base);
  await node.revocations.start();
  // Who was taken for dead was told offline: tell again who is here.
  const healer = startHealer(node, () => void cameOnline(node, [...node.users.values()]).catch(() => undefined));
  const subscription = openSubscription(node, healer.all);
  const heartbeat = startHeartbeat(node);
  return Object.assign(node, {
    async stop() {
      heartbeat.close();
      healer.close();
      subscription.close();
      node.revocations.close();
      await node.positions.close();
      await retire(node).catch((err: Error) => node.log.debug({ err: err.message }, 'the lease runs out by itself'));
      node.redis.disconnect();
    },
  });
}

/** Redis away is no reason to send clients elsewhere: nodes go on without it. */
export async function ready(ctx: Context): Promise<void> {
  if (ctx.draining) throw new Error('draining');
  await ctx.message.call('POST', '/internal/heads', { body: { rooms: [] }, timeoutMs: 1500 });
}

export const close = (ctx: Context): Promise<void> => ctx.stop();
