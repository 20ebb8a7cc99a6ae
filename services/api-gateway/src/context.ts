import type { KeyObject } from 'node:crypto';
import type { Socket } from 'node:net';
import { REVOCATIONS_CHANNEL, type Revocation } from '@chatapi/bus';
import {
  type AccessVerifier,
  type Base,
  identityKey,
  type Limiter,
  openAccessVerifier,
  openKeptPeer,
  openLimiter,
  openPeer,
  openRedis,
  openRevocationSet,
  openSubscriber,
  type Peer,
  type Redis,
  type RevocationSet,
} from '@chatapi/kit';
import type { Config, Upstream } from './config.ts';
import { type Counters, openCounters } from './counters.ts';
import { type Group, openGroup } from './instances.ts';
import { type Load, openLoad } from './overload.ts';

export const VERSION = '0.1.0';

export type Peers = Record<Upstream | 'realtime', Peer>;

export interface Context extends Base<Config> {
  /** Seals identities for the services. */
  key: KeyObject;
  redis: Redis;
  subscriber: Redis;
  limiter: Limiter;
  verifier: AccessVerifier;
  revocations: RevocationSet<Revocation>;
  /** Second listeners. */
  peers: Peers;
  /** Main listeners. */
  groups: Record<Upstream | 'realtime', Group>;
  /** Clients' sockets that are joined to a node's. */
  tunnels: Set<Socket>;
  load: Load;
  counters: Counters;
}

const REVOCATIONS_MS = 1000;

function openPeers(config: Config, key: KeyObject): Peers {
  const peer = (name: string, urls: string[]): Peer => openPeer(name, urls, key, 'api-gateway');
  return {
    auth: peer('auth', config.AUTH_INTERNAL_URL),
    user: peer('user', config.USER_INTERNAL_URL),
    message: peer('message', config.MESSAGE_INTERNAL_URL),
    file: peer('file', config.FILE_INTERNAL_URL),
    admin: peer('admin', config.ADMIN_INTERNAL_URL),
    realtime: peer('realtime', config.REALTIME_INTERNAL_URL),
  };
}

const openGroups = (config: Config): Context['groups'] => ({
  auth: openGroup(config.AUTH_URL),
  user: openGroup(config.USER_URL),
  message: openGroup(config.MESSAGE_URL),
  file: openGroup(config.FILE_URL),
  admin: openGroup(config.ADMIN_URL),
  realtime: openGroup(config.REALTIME_URL),
});

/** The truth is asked of auth; the signal only makes it faster. */
function openRevocations(base: Base<Config>, auth: Peer, subscriber: Redis): RevocationSet<Revocation> {
  const revocations = openRevocationSet<Revocation>({
    log: base.log,
    async fetchAfter(seq, wait_ms) {
      const options = { query: { after: seq, wait_ms }, timeoutMs: wait_ms + REVOCATIONS_MS };
      return (await auth.call<{ revocations: Revocation[] }>('GET', '/internal/revocations', options)).revocations;
    },
  });
  subscriber.on('message', (_channel, text) => revocations.apply(JSON.parse(text) as Revocation[]));
  // ioredis subscribes again by itself after each reconnect; meanwhile the poll serves.
  subscriber
    .subscribe(REVOCATIONS_CHANNEL)
    .catch((err: Error) => base.log.warn({ err: err.message }, 'no signals yet'));
  return revocations;
}

export async function open(base: Base<Config>): Promise<Context> {
  const { config, log, metrics } = base;
  const key = identityKey(config.INTERNAL_SECRET_KEY);
  const peers = openPeers(config, key);
  const redis = await openRedis(config.REDIS_URL, log);
  const subscriber = openSubscriber(config.REDIS_URL, log);
  // Asked for time and again, unlike readiness and documents.
  const truth = openKeptPeer('auth', config.AUTH_INTERNAL_URL, key, 'api-gateway');
  const revocations = openRevocations(base, truth, subscriber);
  await revocations.start();
  const load = openLoad(config.MAX_IN_FLIGHT, config.MAX_LAG_MS);
  return {
    ...base,
    key,
    redis,
    subscriber,
    limiter: openLimiter(redis, log),
    verifier: openAccessVerifier(config, () => truth.call('GET', '/internal/jwks')),
    revocations,
    peers,
    groups: openGroups(config),
    tunnels: new Set(),
    load,
    counters: openCounters(metrics, load),
  };
}

const NOBODY = { user_id: '', session_id: '', role: 'user', issued_at: 0, expires_at: 0 } as const;

/** Redis away is no reason to be taken out of the balance: limits go on in memory. Knowing no revocations is one. */
export async function ready(ctx: Context): Promise<void> {
  ctx.revocations.admit(NOBODY);
}

export async function close(ctx: Context): Promise<void> {
  ctx.revocations.close();
  ctx.load.close();
  ctx.subscriber.disconnect();
  ctx.redis.disconnect();
}
