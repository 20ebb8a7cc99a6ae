// The password of the database role. While it is being changed, PostgreSQL takes either the new one
// or the previous one, and services must not stop in between.
import pg from 'pg';
import { parseIntoClientConfig } from 'pg-connection-string';

export interface RoleSettings {
  DATABASE_URL: string;
  /** Another password of the role, for when PostgreSQL refuses that of DATABASE_URL. */
  DATABASE_PASSWORD_PREVIOUS?: string;
}

const WRONG_PASSWORD = '28P01';
const CONNECT_MS = 2000;

async function isRefused(login: pg.ClientConfig, password: string): Promise<boolean> {
  const client = new pg.Client({ ...login, password, connectionTimeoutMillis: CONNECT_MS });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return false;
  } catch (error) {
    return (error as { code?: string }).code === WRONG_PASSWORD;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/**
 * With a previous password, each new connection first tries whether PostgreSQL takes the new one:
 * one more connection, only during a change.
 */
export function loginOf({ DATABASE_URL, DATABASE_PASSWORD_PREVIOUS: previous }: RoleSettings): pg.ClientConfig {
  if (previous === undefined) return { connectionString: DATABASE_URL };
  // Not as a string: what pg reads from it takes precedence over the function.
  const login = parseIntoClientConfig(DATABASE_URL);
  const own = String(login.password);
  return { ...login, password: async () => ((await isRefused(login, own)) ? previous : own) };
}
