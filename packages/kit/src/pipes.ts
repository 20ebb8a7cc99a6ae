// Owns: connections to PostgreSQL that many use at once. A statement is written at once and its answer comes in its turn: nobody takes a
// connection and gives it back, and what comes together travels together, which halves what a short statement costs both ends.
// Only for single quick statements outside of transactions: each waits for those before it. Guarantee: a connection that has answered
// nothing for 10 ms gets no more while there is another, so a slow statement holds up only those that were behind it by then.
import pg from 'pg';
import { connection, type DbSettings } from './db.ts';
import type { Log } from './log.ts';
import { together } from './together.ts';

export interface Statement {
  /** Prepared once a connection. */
  name: string;
  text: string;
  values: unknown[];
}

export interface Pipes {
  /** @throws what pg throws; a lost connection takes all that is unanswered on it along. */
  query<R>(statement: Statement): Promise<{ rows: R[] }>;
  end(): Promise<void>;
}

export interface PipesOptions {
  /** At most; one is used until it is slow. */
  connections: number;
  /** Further settings of the sessions, as PostgreSQL's `options`. */
  options: string;
}

interface Pipe extends Pipes {
  /** Milliseconds for which it has answered nothing that it was asked. */
  silence(): number;
}

const SLOW_MS = 10;

/** One connection, made when it is first needed and made anew when it was lost. */
function openPipe(config: pg.ClientConfig, log: Log): Pipe {
  let current: Promise<pg.Client> | undefined;
  let unanswered = 0;
  let heard = 0;

  function dial(): Promise<pg.Client> {
    const client = new pg.Client(config);
    const dialled = client.connect().then(() => client);
    const forget = (): void => {
      if (current === dialled) current = undefined;
    };
    client
      .on('error', (err) => {
        forget();
        log.warn({ err: err.message }, 'a database connection was lost');
      })
      .on('end', forget);
    dialled.catch(forget);
    return dialled;
  }

  return {
    silence: () => (unanswered === 0 ? 0 : performance.now() - heard),
    async query<R>(statement: Statement) {
      if (unanswered++ === 0) heard = performance.now();
      try {
        current ??= dial();
        const client = await current;
        together(client.connection.stream);
        return (await client.query(statement)) as unknown as { rows: R[] };
      } finally {
        unanswered--;
        heard = performance.now();
      }
    },
    async end() {
      const client = await current?.catch(() => undefined);
      await client?.end();
    },
  };
}

export function openPipes(
  settings: DbSettings,
  schema: string,
  service: string,
  log: Log,
  { connections, options }: PipesOptions,
): Pipes {
  const base = connection(settings, schema, service);
  const config = { ...base, options: `${base.options} ${options}`, pipeline: true };
  const pipes = Array.from({ length: connections }, () => openPipe(config, log));
  const quickest = (): Pipe =>
    pipes.find((pipe) => pipe.silence() < SLOW_MS) ??
    pipes.reduce((best, pipe) => (pipe.silence() < best.silence() ? pipe : best));
  return {
    query: (statement) => quickest().query(statement),
    end: async () => void (await Promise.all(pipes.map((pipe) => pipe.end()))),
  };
}
