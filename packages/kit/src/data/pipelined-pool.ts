// PostgreSQL connections that pipeline statements of many callers; halves the cost of short ones.
// Only for single quick statements outside transactions. A connection that has not answered for 10
// ms gets no more statements while another is faster.
import pg from 'pg';
import { corkUntilNextTick } from '../cork.ts';
import type { Log } from '../log.ts';
import { connection, type DbSettings } from './database.ts';

interface Statement {
  /** Name of the prepared statement; prepared once per connection. */
  name: string;
  text: string;
  values: unknown[];
}

export interface PoolState {
  /** Connections that work. */
  inUse: number;
  idle: number;
  /** Callers without a connection. */
  waiting: number;
}

export interface PipelinedPool {
  /** @throws errors of pg. A lost connection fails all its pending statements. */
  query<R>(statement: Statement): Promise<{ rows: R[] }>;
  end(): Promise<void>;
  /** Called with each connection that is opened from now on. */
  onConnect(listener: (client: pg.Client) => void): void;
  /** Connections by whether statements are pending. None waits: statements share connections. */
  state(): PoolState;
}

export interface PipelinedPoolOptions {
  /** The maximum. A further connection is used only while the others are slow. */
  connections: number;
  /** Additional session settings, in the form of PostgreSQL's `options`. */
  options: string;
}

interface PipelinedConnection extends Pick<PipelinedPool, 'query' | 'end'> {
  /** Connected or connecting. */
  isOpen(): boolean;
  /** Time in ms since the last response, while statements are pending; else 0. */
  pendingMs(): number;
}

const SLOW_MS = 10;

/** One connection, opened at its first statement and reopened after a loss. */
function createPipelinedConnection(
  config: pg.ClientConfig,
  log: Log,
  onConnect: (client: pg.Client) => void,
): PipelinedConnection {
  let current: Promise<pg.Client> | undefined;
  let pending = 0;
  let lastResponse = 0;

  function connect(): Promise<pg.Client> {
    const client = new pg.Client(config);
    onConnect(client);
    const connecting = client.connect().then(() => client);
    const forget = (): void => {
      if (current === connecting) current = undefined;
    };
    client
      .on('error', (err) => {
        forget();
        log.warn({ err: err.message }, 'a database connection was lost');
      })
      .on('end', forget);
    connecting.catch(forget);
    return connecting;
  }

  return {
    isOpen: () => current !== undefined,
    pendingMs: () => (pending === 0 ? 0 : performance.now() - lastResponse),
    async query<R>(statement: Statement) {
      if (pending++ === 0) lastResponse = performance.now();
      try {
        current ??= connect();
        const client = await current;
        corkUntilNextTick(client.connection.stream);
        return (await client.query(statement)) as unknown as { rows: R[] };
      } finally {
        pending--;
        lastResponse = performance.now();
      }
    },
    async end() {
      const client = await current?.catch(() => undefined);
      await client?.end();
    },
  };
}

export function openPipelinedPool(
  settings: DbSettings,
  schema: string,
  service: string,
  log: Log,
  { connections, options }: PipelinedPoolOptions,
): PipelinedPool {
  const base = connection(settings, schema, service);
  const config = { ...base, options: `${base.options} ${options}`, pipeline: true };
  const listeners: ((client: pg.Client) => void)[] = [];
  const opened = (client: pg.Client): void => {
    for (const listener of listeners) listener(client);
  };
  const all = Array.from({ length: connections }, () => createPipelinedConnection(config, log, opened));
  const fastest = (): PipelinedConnection =>
    all.find((one) => one.pendingMs() < SLOW_MS) ??
    all.reduce((best, one) => (one.pendingMs() < best.pendingMs() ? one : best));
  return {
    query: (statement) => fastest().query(statement),
    end: async () => void (await Promise.all(all.map((one) => one.end()))),
    onConnect: (listener) => void listeners.push(listener),
    state() {
      const open = all.filter((one) => one.isOpen());
      const inUse = open.filter((one) => one.pendingMs() > 0).length;
      return { inUse, idle: open.length - inUse, waiting: 0 };
    },
  };
}
