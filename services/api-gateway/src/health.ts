import { AppError, unavailable, VERSION } from '@chatapi/kit';
import type { ServiceClient } from '@chatapi/kit/rpc';

const TIMEOUT_MS = 2000;
const MAX_AGE_MS = 1000;

export interface BasicHealth {
  status: 'ok';
  service: 'chatapi';
  version: string;
  timestamp: string;
}

export interface DatabaseHealth {
  status: 'ok';
  database: 'ok';
  timestamp: string;
}

interface Asker {
  clients: { auth: ServiceClient };
  databaseHealth: { at: number; answer?: Promise<DatabaseHealth> };
}

/** Depends on no service, so that it reports the gateway alone. */
export const basicHealth = async (): Promise<BasicHealth> => ({
  status: 'ok',
  service: 'chatapi',
  version: VERSION,
  timestamp: new Date().toISOString(),
});

async function askAuth(ctx: Asker): Promise<DatabaseHealth> {
  try {
    await ctx.clients.auth.call('GET', '/health/ready', { timeoutMs: TIMEOUT_MS });
  } catch (cause) {
    throw unavailable('The database', cause instanceof AppError ? cause.cause : cause);
  }
  return { status: 'ok', database: 'ok', timestamp: new Date().toISOString() };
}

/**
 * The gateway has no database: it asks auth, without which no user can be let in, whether it
 * reaches its own, at most once a second for all callers. @throws AppError 503.
 */
export function databaseHealth(ctx: Asker): Promise<DatabaseHealth> {
  const known = ctx.databaseHealth;
  if (known.answer !== undefined && performance.now() - known.at < MAX_AGE_MS) return known.answer;
  const answer = askAuth(ctx);
  Object.assign(known, { at: performance.now(), answer });
  return answer;
}
