// Calls from one service to another: deadline, failover to the next instance, error mapping.
import { Agent, request } from 'undici';
import type { ServiceKeys, ServiceName } from '../auth/service-keys.ts';
import { identityHeaders, REFUSED_HEADER } from '../auth/signed-identity.ts';
import { AppError, ERROR_STATUS, type ErrorCode, unavailable } from '../errors.ts';
import { createInstances, type Instances } from './instances.ts';
import { NoCommonProtocol, NotSent, openRpcConnection, type RpcConnection } from './rpc-connection.ts';

interface CallOptions {
  body?: unknown;
  query?: Record<string, string | number | boolean | undefined>;
  request_id?: string;
  /**
   * Time limit in ms; default 2500, so that an external caller gets SERVICE_UNAVAILABLE within 3 s.
   */
  timeoutMs?: number;
}

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export interface ServiceClient {
  /**
   * @returns the JSON response; `undefined` for 204.
   * @throws AppError of the other service, or SERVICE_UNAVAILABLE.
   */
  call<T>(method: Method, path: string, options?: CallOptions): Promise<T>;
  /**
   * The instances now. `call` uses them in turn; `at` uses one only; `from` starts at one and fails
   * over to the others.
   */
  instances(): readonly string[];
  at(instance: string): Pick<ServiceClient, 'call'>;
  from(instance: string): Pick<ServiceClient, 'call'>;
}

/** No response in time. The call may have been executed or still be running. */
export class TimedOut extends Error {}

const DEFAULT_MS = 2500;
const agent = new Agent({
  keepAliveTimeout: 30_000,
  // A host name may stand for several instances, and a permanent connection would never reach new
  // ones.
  clientTtl: 60_000,
  connections: 64,
  connect: { timeout: 1000 },
  pipelining: 1,
});

// Only a refused connection proves that nothing was executed, so only then is another instance
// tried.
const wasRefused = (error: unknown): boolean =>
  error instanceof NotSent ||
  ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT'].includes(
    (error as { code?: string }).code ?? '',
  );

/** Status of an instance of another version without the route; another instance may have it. */
const UNKNOWN_ROUTE = 501;

function mapError(peer: string, status: number, body: unknown): Error {
  if (status === UNKNOWN_ROUTE) return new NotSent(`${peer} does not know the route`);
  const { code, message, details } = (body ?? {}) as {
    code?: ErrorCode;
    message: string;
    details: Record<string, unknown>;
  };
  if (code !== undefined && code in ERROR_STATUS) return new AppError(code, message, { details, status });
  // Not an error object of ours: a proxy answered.
  return unavailable(peer, new Error(`${peer} answered ${status}`));
}

function queryOf({ query }: CallOptions): string {
  if (query === undefined) return '';
  const text = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) text.set(name, String(value));
  return `?${text}`;
}

/** Sends one call to one instance. */
type Transport = <T>(base: string, method: Method, path: string, o: CallOptions, signal: AbortSignal) => Promise<T>;

/** The headers with this service's signed identity. */
type OwnIdentity = () => Record<string, string>;

function httpTransport(peer: string, ownIdentity: OwnIdentity): Transport {
  return async <T>(base: string, method: Method, path: string, o: CallOptions, signal: AbortSignal): Promise<T> => {
    const url = new URL(path + queryOf(o), base);
    // An id such as `..` would lead to another route.
    if (url.pathname !== path) throw new AppError('VALIDATION_ERROR', 'The path is not valid');
    const answer = await request(url, {
      method,
      dispatcher: agent,
      signal,
      headers: {
        ...ownIdentity(),
        ...(o.request_id === undefined ? {} : { 'x-request-id': o.request_id }),
        ...(o.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: o.body === undefined ? null : JSON.stringify(o.body),
    });
    if (answer.statusCode === 204) {
      await answer.body.dump();
      return undefined as T;
    }
    if (answer.headers[REFUSED_HEADER] !== undefined) {
      await answer.body.dump();
      throw new NotSent(`${peer} does not accept this service’s key`);
    }
    if (answer.statusCode >= 400)
      throw mapError(peer, answer.statusCode, await answer.body.json().catch(() => undefined));
    return (await answer.body.json()) as T;
  };
}

/** How long HTTP is used for an instance without a common protocol before RPC is tried again. */
const HTTP_FALLBACK_MS = 30_000;

/** RPC calls have no parameters in their path. */
function rpcTransport(
  peer: string,
  instances: Instances,
  ownIdentity: OwnIdentity,
  http: Transport,
  lifeMs?: number,
): Transport {
  const connections = new Map<string, RpcConnection>();
  const httpUntil = new Map<string, number>();

  function connectionTo(base: string): RpcConnection {
    let connection = connections.get(base);
    if (connection !== undefined) return connection;
    // A connection to an instance that is gone ends with it, or by its age.
    for (const known of connections.keys()) if (!instances.current().includes(known)) connections.delete(known);
    connection = openRpcConnection(base, ownIdentity, lifeMs);
    connections.set(base, connection);
    return connection;
  }

  return async <T>(base: string, method: Method, path: string, o: CallOptions, signal: AbortSignal): Promise<T> => {
    if ((httpUntil.get(base) ?? 0) > Date.now()) return await http<T>(base, method, path, o, signal);
    const what = `${method} ${path}${queryOf(o)}`;
    try {
      const { status, value } = await connectionTo(base).call(what, o.body, signal);
      if (status >= 400) throw mapError(peer, status, value);
      return value as T;
    } catch (error) {
      if (!(error instanceof NoCommonProtocol)) throw error;
      httpUntil.set(base, Date.now() + HTTP_FALLBACK_MS);
      return await http<T>(base, method, path, o, signal);
    }
  };
}

/** This service's signed identity, signed once for many calls. */
function ownIdentitySigner(keys: ServiceKeys, peer: ServiceName): OwnIdentity {
  let headers = {};
  let until = 0;
  return () => {
    if (Date.now() > until) {
      headers = identityHeaders(keys, peer, { kind: 'service', service: keys.self });
      until = Date.now() + 30_000;
    }
    return headers;
  };
}

function createClient(send: Transport, peer: string, instances: Instances): ServiceClient {
  async function ask<T>(bases: readonly string[], method: Method, path: string, o: CallOptions): Promise<T> {
    // Not AbortSignal.timeout, which fires and creates an error even for calls that were answered.
    const deadline = new AbortController();
    const timer = setTimeout(
      () => deadline.abort(new TimedOut(`${peer} did not answer in time`)),
      o.timeoutMs ?? DEFAULT_MS,
    );
    let last: unknown = new NotSent(`${peer} has no instance`);
    try {
      for (const base of bases) {
        try {
          return await send<T>(base, method, path, o, deadline.signal);
        } catch (error) {
          if (error instanceof AppError) throw error;
          last = error;
          instances.refresh();
          if (!wasRefused(error)) break;
        }
      }
    } finally {
      clearTimeout(timer);
    }
    throw unavailable(peer, last);
  }

  const only = (bases: readonly string[]): Pick<ServiceClient, 'call'> => ({
    call: (method, path, options = {}) => ask(bases, method, path, options),
  });
  const beginningAt = (index: number): readonly string[] => {
    const list = instances.current();
    return index === 0 ? list : [...list.slice(index), ...list.slice(0, index)];
  };
  let next = 0;
  return {
    instances: instances.current,
    call(method, path, options) {
      next = (next + 1) % Math.max(1, instances.current().length);
      return ask(beginningAt(next), method, path, options ?? {});
    },
    at: (instance) => only([instance]),
    from: (instance) => only(beginningAt(Math.max(0, instances.current().indexOf(instance)))),
  };
}

/**
 * @param peer name of the service.
 * @param urls base URLs of its internal listeners, as in `createInstances`.
 * @param keys the keys of the calling service.
 */
export const createHttpClient = (peer: ServiceName, urls: string[], keys: ServiceKeys): ServiceClient =>
  createClient(httpTransport(peer, ownIdentitySigner(keys, peer)), peer, createInstances(urls));

/**
 * The same over RPC connections. Only for routes without path parameters.
 * @param lifeMs maximum age of a connection in ms; default 60,000.
 */
export function createRpcClient(peer: ServiceName, urls: string[], keys: ServiceKeys, lifeMs?: number): ServiceClient {
  const identity = ownIdentitySigner(keys, peer);
  const instances = createInstances(urls);
  const http = httpTransport(peer, identity);
  return createClient(rpcTransport(peer, instances, identity, http, lifeMs), peer, instances);
}
