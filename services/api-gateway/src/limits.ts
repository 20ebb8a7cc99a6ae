import { AppError, type Identity, type LimitResult, limitExceeded, limitHeaders } from '@chatapi/kit';
import { budgetOf } from './address.ts';
import type { Context } from './context.ts';
import type { Exchange } from './exchange.ts';

const HOUR = 3600;
const LOGIN_WINDOW = 900;
const MINUTE = 60;

const generalKey = (userId: string | undefined, ip: string): string =>
  userId === undefined ? `general:address:${budgetOf(ip)}` : `general:${userId}`;
const uploadsKey = (userId: string): string => `uploads:${userId}`;
/** Counted by the realtime nodes. */
const messagesKey = (userId: string): string => `ws:${userId}`;

/** One budget per user over sessions, addresses and instances; anonymous callers share their address'. @throws 429. */
export async function countRequest(ctx: Context, exchange: Exchange): Promise<void> {
  const { RATE_LIMIT_REQUESTS: limit, RATE_LIMIT_WINDOW: window } = ctx.config;
  if (limit === 0) return;
  const key = generalKey(exchange.caller?.claims?.user_id, exchange.origin.ip);
  const found = await ctx.limiter.take(key, limit, window);
  exchange.limits = limitHeaders(found);
  if (found.allowed) return;
  ctx.counters.refusedByLimit.inc({ limit: 'general' });
  throw limitExceeded(found, 'Too many requests: wait for the limit to reset');
}

/** @throws 429 with the upload limit's own headers. */
export async function countUpload(ctx: Context, userId: string): Promise<void> {
  const found = await ctx.limiter.take(uploadsKey(userId), ctx.config.RATE_LIMIT_UPLOADS, HOUR);
  if (found.allowed) return;
  ctx.counters.refusedByLimit.inc({ limit: 'uploads' });
  throw limitExceeded(found, 'Too many uploads: wait for the limit to reset');
}

interface Rule {
  name: string;
  limit: number;
  window_s: number;
  remaining: number | null;
  reset: number | null;
}

const shown = (name: string, window_s: number, { limit, remaining, reset }: LimitResult): Rule =>
  limit === 0 ? { name, limit, window_s, remaining: null, reset: null } : { name, limit, window_s, remaining, reset };

/** Every rule, and what is left of it for this caller; null where it is off or not about the caller. */
export async function listLimits(ctx: Context, identity: Identity): Promise<{ limits: Rule[] }> {
  if (identity.kind === 'service') throw new AppError('AUTHORIZATION_ERROR', 'For users');
  const { RATE_LIMIT_REQUESTS, RATE_LIMIT_WINDOW, RATE_LIMIT_UPLOADS, RATE_LIMIT_LOGIN, RATE_LIMIT_WS_MESSAGES } =
    ctx.config;
  const userId = identity.kind === 'user' ? identity.user_id : undefined;
  const ofUser = async (name: string, key: (id: string) => string, limit: number, window_s: number): Promise<Rule> =>
    userId === undefined
      ? { name, limit, window_s, remaining: null, reset: null }
      : shown(name, window_s, await ctx.limiter.peek(key(userId), limit, window_s));
  const general = ctx.limiter.peek(generalKey(userId, identity.ip), RATE_LIMIT_REQUESTS, RATE_LIMIT_WINDOW);
  return {
    limits: [
      shown('general', RATE_LIMIT_WINDOW, await general),
      await ofUser('uploads', uploadsKey, RATE_LIMIT_UPLOADS, HOUR),
      // Failed logins count per account and address, before there is a caller.
      { name: 'login', limit: RATE_LIMIT_LOGIN, window_s: LOGIN_WINDOW, remaining: null, reset: null },
      await ofUser('websocket_messages', messagesKey, RATE_LIMIT_WS_MESSAGES, MINUTE),
    ],
  };
}
