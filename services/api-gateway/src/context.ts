import type { Base } from '@chatapi/kit';
import type { AccessVerifier, Credentials, RateLimiter, RevocationSet } from '@chatapi/kit/auth';
import type { Redis } from '@chatapi/kit/data';
import type { ServiceClient } from '@chatapi/kit/rpc';
import type { App } from './app-pages/app.ts';
import type { Demo } from './app-pages/demo.ts';
import type { Config, ServiceName } from './config.ts';
import type { Guide } from './guide.ts';
import type { DatabaseHealth } from './health.ts';
import type { GatewayMetrics } from './metrics.ts';
import type { LoadMonitor } from './overload.ts';
import type { RequestCounts } from './request-counts.ts';
import type { Upstream } from './upstreams.ts';

export type ServiceClients = Record<ServiceName | 'realtime', ServiceClient>;

/** All instances of a service serve the same document, which changes only with a release. */
interface Documents {
  fetched: Map<keyof ServiceClients, { value: unknown; at: number }>;
  fetching: Map<keyof ServiceClients, Promise<unknown>>;
  rendered: Map<string, { sources: unknown[]; text: { type: string; text: string | Buffer; etag: string } }>;
}

interface Tunnel {
  /** After what is still to be written. */
  destroySoon(): void;
  destroy(): void;
}

export interface Context extends Base<Config> {
  redis: Redis;
  subscriber: Redis;
  limiter: RateLimiter;
  verifier: AccessVerifier;
  revocations: RevocationSet;
  credentials: Credentials;
  /** Clients of the internal listeners. */
  clients: ServiceClients;
  /** Public listeners, to which requests are proxied. */
  upstreams: Record<ServiceName | 'realtime', Upstream>;
  /** WebSockets and streams of clients that are connected through to a realtime node. */
  tunnels: Set<Tunnel>;
  /** The gateway is stopping. */
  draining: boolean;
  documents: Documents;
  /** undefined: off, or not built. */
  demo: Demo | undefined;
  /** The same of the admin console. */
  console: App | undefined;
  guide: Guide | undefined;
  databaseHealth: { at: number; answer?: Promise<DatabaseHealth> };
  load: LoadMonitor;
  gatewayMetrics: GatewayMetrics;
  requestCounts: RequestCounts;
}
