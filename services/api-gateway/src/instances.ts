// Owns: which instance of a service is next, and connecting to it. One that refuses is passed over for a second, and a
// connection that was to go to it goes to the next one: no byte of a request has been sent by then, so nothing is done twice.
import { Agent } from 'node:http';
import { connect, type Socket } from 'node:net';

export interface Instance {
  protocol: 'http:';
  hostname: string;
  port: number;
}

export interface Group {
  /** The one whose turn it is. */
  next(): Instance;
  /** All, in the order to try; those that refused lately last. */
  order(first: Instance): Instance[];
  refused(instance: Instance): void;
}

const CONNECT_MS = 1000;
const PAUSE_MS = 1000;

export function openGroup(urls: string[]): Group {
  const instances = urls.map((text): Instance => {
    const { hostname, port } = new URL(text);
    return { protocol: 'http:', hostname: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80) };
  });
  const pausedUntil = new Map<Instance, number>();
  const isPaused = (instance: Instance): boolean => (pausedUntil.get(instance) ?? 0) > Date.now();
  let turn = 0;
  return {
    next() {
      for (let i = 0; i < instances.length; i++) {
        turn = (turn + 1) % instances.length;
        if (!isPaused(instances[turn] as Instance)) break;
      }
      return instances[turn] as Instance;
    },
    order(first) {
      const rest = instances.filter((instance) => instance !== first);
      return [first, ...rest.filter((i) => !isPaused(i)), ...rest.filter(isPaused)];
    },
    refused: (instance) => void pausedUntil.set(instance, Date.now() + PAUSE_MS),
  };
}

const dial = ({ hostname, port }: Instance): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port, noDelay: true });
    const cut = setTimeout(
      () => socket.destroy(Object.assign(new Error('no connection in time'), { code: 'ETIMEDOUT' })),
      CONNECT_MS,
    );
    socket.once('error', reject).once('close', () => clearTimeout(cut));
    socket.once('connect', () => {
      clearTimeout(cut);
      socket.off('error', reject);
      resolve(socket);
    });
  });

/** @throws the last error when none of them takes a connection. */
export async function dialFirst(group: Group, first: Instance): Promise<{ socket: Socket; instance: Instance }> {
  let last: unknown;
  for (const instance of group.order(first)) {
    try {
      return { socket: await dial(instance), instance };
    } catch (error) {
      group.refused(instance);
      last = error;
    }
  }
  throw last;
}

const address = ({ hostname, port }: Instance): string => `${hostname}:${port}`;

/** Kept connections to every instance. One that was opened to another in its place is not kept under the wrong name. */
export function openAgent(groups: Group[]): Agent {
  const homes = new Map(
    groups.flatMap((group) =>
      group.order(group.next()).map((instance) => [address(instance), { group, instance }] as const),
    ),
  );
  const strangers = new WeakSet<object>();
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 256, scheduling: 'lifo' });
  const keep = agent.keepSocketAlive.bind(agent);
  agent.keepSocketAlive = (socket) => !strangers.has(socket) && keep(socket);
  agent.createConnection = (options, done) => {
    const home = homes.get(`${options.host}:${options.port}`);
    if (home === undefined || done === undefined) throw new Error('an address that is not in the settings');
    dialFirst(home.group, home.instance).then(
      ({ socket, instance }) => {
        if (instance !== home.instance) strangers.add(socket);
        done(null, socket);
      },
      (error: Error) => done(error, undefined as never),
    );
    return undefined;
  };
  return agent;
}
