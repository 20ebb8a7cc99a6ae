// Instances of a service, used in turn. An instance that refuses a connection is skipped for a
// second, and the connection goes to the next one: nothing was sent yet, so no request is executed
// twice.
import { Agent } from 'node:http';
import { connect, type Socket } from 'node:net';
import { unavailable } from '@chatapi/kit';
import { createInstances } from '@chatapi/kit/rpc';

export interface Instance {
  protocol: 'http:';
  hostname: string;
  port: number;
}

export interface Upstream {
  /** The next instance in turn. @throws AppError 503 while none is known. */
  next(): Instance;
  /** The instance at this place of the list. */
  at(index: number): Instance | undefined;
  /** All instances in the order to try, those that refused a connection lately last. */
  order(first: Instance): Instance[];
  markRefused(instance: Instance): void;
  /** The instance with this address, also one that DNS no longer has. */
  find(address: string): Instance | undefined;
}

const CONNECT_TIMEOUT_MS = 1000;
const SKIP_MS = 1000;
/** A host name may stand for several instances: a permanent connection reaches no new ones. */
const MAX_AGE_MS = 60_000;

const addressOf = ({ hostname, port }: Instance): string => `${hostname}:${port}`;

function parse(text: string): Instance {
  const { hostname, port } = new URL(text);
  return { protocol: 'http:', hostname: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80) };
}

/** @param urls as in `createInstances`. */
export function createUpstream(urls: string[]): Upstream {
  const known = createInstances(urls);
  const skippedUntil = new WeakMap<Instance, number>();
  const isSkipped = (instance: Instance): boolean => (skippedUntil.get(instance) ?? 0) > Date.now();
  let list: readonly string[] = [];
  let instances: Instance[] = [];
  let byAddress = new Map<string, Instance>();
  let turn = 0;

  /** An instance keeps its identity while its address stays in the list. */
  function current(): Instance[] {
    if (known.current() === list) return instances;
    list = known.current();
    instances = list.map((text) => {
      const parsed = parse(text);
      return byAddress.get(addressOf(parsed)) ?? parsed;
    });
    byAddress = new Map(instances.map((instance) => [addressOf(instance), instance]));
    return instances;
  }

  return {
    next() {
      const all = current();
      for (let i = 0; i < all.length; i++) {
        turn = (turn + 1) % all.length;
        if (!isSkipped(all[turn] as Instance)) break;
      }
      const found = all[turn % Math.max(1, all.length)];
      if (found === undefined) throw unavailable('The service behind this');
      return found;
    },
    at: (index) => current()[index],
    order(first) {
      const rest = current().filter((instance) => instance !== first);
      return [first, ...rest.filter((i) => !isSkipped(i)), ...rest.filter(isSkipped)];
    },
    markRefused(instance) {
      skippedUntil.set(instance, Date.now() + SKIP_MS);
      known.refresh();
    },
    find(address) {
      current();
      return byAddress.get(address);
    },
  };
}

const connectTo = ({ hostname, port }: Instance): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port, noDelay: true });
    const timer = setTimeout(
      () => socket.destroy(Object.assign(new Error('the connection timed out'), { code: 'ETIMEDOUT' })),
      CONNECT_TIMEOUT_MS,
    );
    socket.once('error', reject).once('close', () => clearTimeout(timer));
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('error', reject);
      resolve(socket);
    });
  });

/** @throws the last error when no instance accepts the connection. */
export async function connectToFirst(
  upstream: Upstream,
  first: Instance,
): Promise<{ socket: Socket; instance: Instance }> {
  let last: unknown;
  for (const instance of upstream.order(first)) {
    try {
      return { socket: await connectTo(instance), instance };
    } catch (error) {
      upstream.markRefused(instance);
      last = error;
    }
  }
  throw last;
}

/**
 * A keep-alive agent for all instances. A connection that went to another instance than asked for
 * is not reused, since the agent would file it under the wrong address.
 */
export function createUpstreamAgent(upstreams: Upstream[]): Agent {
  const rerouted = new WeakSet<object>();
  const openedAt = new WeakMap<object, number>();
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 256, scheduling: 'lifo' });
  const keepAlive = agent.keepSocketAlive.bind(agent);
  const isOld = (socket: object): boolean => performance.now() - (openedAt.get(socket) ?? 0) > MAX_AGE_MS;
  agent.keepSocketAlive = (socket) => !rerouted.has(socket) && !isOld(socket) && keepAlive(socket);

  function wanted(address: string): { upstream: Upstream; instance: Instance } | undefined {
    for (const upstream of upstreams) {
      const instance = upstream.find(address);
      if (instance !== undefined) return { upstream, instance };
    }
    return undefined;
  }

  agent.createConnection = (options, done) => {
    const found = wanted(`${options.host}:${options.port}`);
    if (done === undefined) throw new Error('a callback is needed');
    if (found === undefined) {
      done(Object.assign(new Error('the instance is gone'), { code: 'ECONNREFUSED' }), undefined as never);
      return undefined;
    }
    connectToFirst(found.upstream, found.instance).then(
      ({ socket, instance }) => {
        openedAt.set(socket, performance.now());
        if (instance !== found.instance) rerouted.add(socket);
        done(null, socket);
      },
      (error: Error) => done(error, undefined as never),
    );
    return undefined;
  };
  return agent;
}
