// Limits of requests: whom each counts for, and over which time. The numbers are in config.ts; auth
// limits logins (login-limit.ts) and mails, the realtime nodes messages, frames and upgrades.
import { AppError, securityEvent } from '@chatapi/kit';
import {
  type AccessClaims,
  type Anonymous,
  addressKey,
  type Caller,
  type Identity,
  limitExceeded,
  limitHeaders,
  type RateLimitResult,
} from '@chatapi/kit/auth';
import type { Config } from './config.ts';
import type { Context } from './context.ts';
import type { Exchange } from './request-exchange.ts';
import type { Row } from './routes.ts';

const HOUR_S = 3600;
const LOGIN_WINDOW_S = 900;
const MINUTE_S = 60;
const MINUTE_MS = 60_000;

const userKey = (userId: string): string => `general:${userId}`;
const clientKey = (ip: string): string => `general:address:${addressKey(ip)}`;
const uploadsKey = (userId: string): string => `uploads:${userId}`;
const hooksKey = (ip: string): string => `hooks:${addressKey(ip)}`;
const docsKey = (ip: string): string => `docs:${addressKey(ip)}`;
const registrationsKey = (ip: string): string => `registrations:${addressKey(ip)}`;
/** Counted by the realtime nodes, as is the next one. */
const messagesKey = (userId: string): string => `ws:${userId}`;
const upgradesKey = (userId: string): string => `upgrades:${userId}`;
/** Of the user's sockets too, per clock minute as the nodes count. */
const framesKey = (userId: string): string => `frames:${userId}:${Math.floor(Date.now() / MINUTE_MS)}`;

type Person = Pick<AccessClaims, 'user_id' | 'role'>;

interface GeneralLimit {
  key: string;
  limit: number;
}

const ofUserOrAddress = ({ RATE_LIMIT_REQUESTS: limit }: Config, key: string): GeneralLimit => ({ key, limit });
const ofApplication = ({ RATE_LIMIT_KEYS: limit }: Config, id: string): GeneralLimit => ({ key: `keys:${id}`, limit });

/** The console of staff asks every few seconds. Whoever loses the role counts as before at once. */
const ofPerson = ({ RATE_LIMIT_STAFF, RATE_LIMIT_REQUESTS }: Config, { user_id, role }: Person): GeneralLimit => ({
  key: userKey(user_id),
  limit: role === 'user' || RATE_LIMIT_REQUESTS === 0 ? RATE_LIMIT_REQUESTS : RATE_LIMIT_STAFF,
});

/** A key counts for itself, not for the person as whom it acts. */
function ofCaller(
  config: Config,
  caller: Person & Pick<AccessClaims, 'session_id' | 'key_id'> & { kind?: string },
): GeneralLimit {
  const keyId = caller.kind === 'key' ? caller.session_id : caller.key_id;
  return keyId === undefined ? ofPerson(config, caller) : ofApplication(config, keyId);
}

/** Routes that open a session count on the address even with a token. */
function generalLimits(config: Config, { caller, client, row }: Exchange): GeneralLimit[] {
  const claims = caller?.claims ?? caller?.key;
  if (claims === undefined) return [ofUserOrAddress(config, clientKey(client.ip))];
  const own = ofCaller(config, claims);
  return row?.byAddress ? [ofUserOrAddress(config, clientKey(client.ip)), own] : [own];
}

/** The result that refuses, else the one with the least remaining. */
const strictest = (result: RateLimitResult[]): RateLimitResult =>
  result.toSorted((a, b) => Number(a.allowed) - Number(b.allowed) || a.remaining - b.remaining)[0] as RateLimitResult;

type Budget = NonNullable<Row['budget']>;

/** Counts a refusal. On routes that open a session it may be the work of somebody who guesses. */
function recordRefusal(ctx: Context, { row, client, caller, request_id }: Exchange, limit: 'general' | Budget): void {
  ctx.gatewayMetrics.refusedByLimit.inc({ limit });
  if (!row?.byAddress) return;
  const user_id = caller?.claims?.user_id;
  securityEvent(ctx, 'limit.reached', {
    user_id,
    ip: client.ip,
    request_id,
    action: `${row.method} ${row.path}`,
    reason: limit,
  });
}

/** An application may type as each of its persons: all of that counts for its key. */
export const isExempt = ({ row, caller }: Exchange): boolean =>
  row?.exempt === true || (row?.exempt === 'people' && caller?.claims?.key_id === undefined);

/**
 * One budget per user or key, or per address for anonymous callers, over all instances. @throws
 * AppError 429.
 */
export async function countRequest(ctx: Context, exchange: Exchange): Promise<void> {
  const window = ctx.config.RATE_LIMIT_WINDOW;
  const limits = generalLimits(ctx.config, exchange).filter(({ limit }) => limit > 0);
  if (limits.length === 0) return;
  const taken = limits.map(({ key, limit }) => ctx.limiter.take(key, limit, window));
  const result = strictest(await Promise.all(taken));
  exchange.limits = limitHeaders(result);
  if (result.allowed) return;
  recordRefusal(ctx, exchange, 'general');
  throw limitExceeded(result, 'Too many requests: wait for the limit to reset');
}

const NOUNS: Record<Budget, string> = {
  uploads: 'uploads',
  registrations: 'registrations',
  docs: 'requests of documents',
  hooks: 'posts to webhooks from this address',
  typing: 'typing notices and frames',
};

interface BudgetRule {
  limit(config: Config): number;
  key(exchange: Exchange): string;
  window_s: number;
}

const BUDGETS: Record<Budget, BudgetRule> = {
  uploads: {
    limit: (config) => config.RATE_LIMIT_UPLOADS,
    // The route requires a user.
    key: ({ caller }) => uploadsKey((caller as { claims: AccessClaims }).claims.user_id),
    window_s: HOUR_S,
  },
  registrations: {
    limit: (config) => config.RATE_LIMIT_REGISTRATIONS,
    key: ({ client }) => registrationsKey(client.ip),
    window_s: HOUR_S,
  },
  docs: {
    limit: (config) => config.RATE_LIMIT_DOCS,
    key: ({ client }) => docsKey(client.ip),
    window_s: MINUTE_S,
  },
  hooks: {
    limit: (config) => config.RATE_LIMIT_HOOKS,
    key: ({ client }) => hooksKey(client.ip),
    window_s: MINUTE_S,
  },
  typing: {
    limit: (config) => config.RATE_LIMIT_WS_FRAMES,
    key: ({ caller }) => framesKey((caller as { claims: AccessClaims }).claims.user_id),
    window_s: MINUTE_S,
  },
};

/** @throws AppError 429 with the headers of this budget. */
export async function countBudget(ctx: Context, exchange: Exchange, budget: Budget): Promise<void> {
  const { limit, key, window_s } = BUDGETS[budget];
  const result = await ctx.limiter.take(key(exchange), limit(ctx.config), window_s);
  // The headers are of the general limit where that one counts too.
  if (isExempt(exchange) && result.limit > 0) exchange.limits = limitHeaders(result);
  if (result.allowed) return;
  recordRefusal(ctx, exchange, budget);
  throw limitExceeded(result, `Too many ${NOUNS[budget]}: wait for the limit to reset`);
}

export interface LimitState {
  name: string;
  limit: number;
  window_s: number;
  remaining: number | null;
  reset: number | null;
}

const withoutCount = (name: string, limit: number, window_s: number): LimitState => ({
  name,
  limit,
  window_s,
  remaining: null,
  reset: null,
});

const withCount = (name: string, window_s: number, { limit, remaining, reset }: RateLimitResult): LimitState =>
  limit === 0 ? withoutCount(name, limit, window_s) : { name, limit, window_s, remaining, reset };

const generalLimitOf = (config: Config, identity: Caller | Anonymous): GeneralLimit =>
  identity.kind === 'anonymous' ? ofUserOrAddress(config, clientKey(identity.ip)) : ofCaller(config, identity);

/** All limits. `remaining` is null where a limit is off or is not counted for this caller. */
export async function listLimits(ctx: Context, identity: Identity): Promise<{ limits: LimitState[] }> {
  if (identity.kind === 'service') throw new AppError('AUTHORIZATION_ERROR', 'For users');
  const { config, limiter } = ctx;
  const person = identity.kind === 'user' || identity.kind === 'bot' ? identity : undefined;
  const userId = person?.user_id;
  const ofUser = async (
    name: string,
    key: (id: string) => string,
    limit: number,
    window_s: number,
  ): Promise<LimitState> =>
    userId === undefined
      ? withoutCount(name, limit, window_s)
      : withCount(name, window_s, await limiter.peek(key(userId), limit, window_s));
  const general = generalLimitOf(config, identity);
  const window = config.RATE_LIMIT_WINDOW;
  const registrations = limiter.peek(registrationsKey(identity.ip), config.RATE_LIMIT_REGISTRATIONS, HOUR_S);
  const hooks = limiter.peek(hooksKey(identity.ip), config.RATE_LIMIT_HOOKS, MINUTE_S);
  const docs = limiter.peek(docsKey(identity.ip), config.RATE_LIMIT_DOCS, MINUTE_S);
  return {
    limits: [
      withCount('general', window, await limiter.peek(general.key, general.limit, window)),
      await ofUser('uploads', uploadsKey, config.RATE_LIMIT_UPLOADS, HOUR_S),
      // Failed logins count per account and address, before there is a caller.
      withoutCount('login', config.RATE_LIMIT_LOGIN, LOGIN_WINDOW_S),
      await ofUser('websocket_messages', messagesKey, config.RATE_LIMIT_WS_MESSAGES, MINUTE_S),
      // Nodes report frames in tenths of the limit, so nobody knows the exact rest.
      withoutCount('websocket_frames', config.RATE_LIMIT_WS_FRAMES, MINUTE_S),
      await ofUser('upgrades', upgradesKey, config.RATE_LIMIT_UPGRADES, MINUTE_S),
      withoutCount('login_address', config.RATE_LIMIT_LOGIN_ADDRESS, LOGIN_WINDOW_S),
      withCount('registrations', HOUR_S, await registrations),
      withCount('docs', MINUTE_S, await docs),
      withCount('hooks', MINUTE_S, await hooks),
    ],
  };
}
