import { AppError, unavailable } from '@chatapi/kit';
import { type Context, VERSION } from './context.ts';

const DATABASE_MS = 2000;

export interface Basic {
  status: 'ok';
  service: 'chatapi';
  version: string;
  timestamp: string;
}

/** Asks nobody, so that it tells whether the door itself is up. */
export const basicHealth = async (): Promise<Basic> => ({
  status: 'ok',
  service: 'chatapi',
  version: VERSION,
  timestamp: new Date().toISOString(),
});

/** The door has no database: auth, without whose nobody gets in, is asked whether it reaches it. @throws AppError 503. */
export async function databaseHealth(ctx: Context): Promise<{ status: 'ok'; database: 'ok'; timestamp: string }> {
  try {
    await ctx.peers.auth.call('GET', '/health/ready', { timeoutMs: DATABASE_MS });
  } catch (cause) {
    throw unavailable('The database', cause instanceof AppError ? cause.cause : cause);
  }
  return { status: 'ok', database: 'ok', timestamp: new Date().toISOString() };
}
