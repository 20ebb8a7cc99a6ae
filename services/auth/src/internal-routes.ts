import { paging, type Role, type Route, route, text } from '@chatapi/kit';
import Joi from 'joi';
import { type AccountFilter, accountStates } from './account-store.ts';
import { findAccounts, getAccount } from './accounts.ts';
import { type Ban, banAccount, unbanAccount } from './bans.ts';
import type { Context } from './context.ts';
import { eraseAccount } from './erasure.ts';
import { forgiveFailures } from './login-limit.ts';
import { listRevocations } from './revocations.ts';
import { setRole } from './roles.ts';
import { sessionsOf } from './session-store.ts';
import { endAllSessions } from './sessions.ts';
import { idParams } from './shapes.ts';

const role = (): Joi.StringSchema => Joi.string().valid('user', 'moderator', 'admin');
const actor = Joi.string().max(64).required();
const reason = text({ max: 500 }).allow(null);

const filter = Joi.object<AccountFilter>({
  ...paging(),
  search: Joi.string().allow('').max(254).default(''),
  by_email: Joi.boolean().default(false),
  status: Joi.string().valid('active', 'banned'),
  role: role(),
});
const banBody = Joi.object<Ban, true>({ reason, until: Joi.string().isoDate().allow(null), actor_id: actor });
const roleBody = Joi.object<{ role: Role; actor_id: string }, true>({ role: role().required(), actor_id: actor });
const afterQuery = Joi.object<{ after: number; wait_ms: number }, true>({
  after: Joi.number().integer().min(0).default(0),
  wait_ms: Joi.number().integer().min(0).max(10_000).default(0),
});

const statesBody = Joi.object<{ ids?: string[]; after: string; limit: number }>({
  ids: Joi.array().items(Joi.string()).max(1000),
  after: Joi.string().allow('').default(''),
  limit: Joi.number().integer().min(1).max(1000).default(1000),
});

const who = 'service';
const params = idParams;

export const internalRoutes: Route<Context>[] = [
  route({
    method: 'get',
    path: '/internal/accounts',
    summary: 'Accounts, newest first',
    who,
    query: filter,
    rule: (ctx, { query }) => findAccounts(ctx, query),
  }),
  route({
    method: 'post',
    path: '/internal/accounts/states',
    summary: 'Accounts as they are counted: these, or a page in order of id',
    who,
    body: statesBody,
    rule: async (ctx, { body }) => ({ states: await accountStates(ctx.db, body) }),
  }),
  route({
    method: 'get',
    path: '/internal/accounts/:id',
    summary: 'One account',
    who,
    params,
    rule: (ctx, call) => getAccount(ctx, call.params.id),
  }),
  route({
    method: 'post',
    path: '/internal/accounts/:id/ban',
    summary: 'Ban',
    who,
    params,
    body: banBody,
    rule: (ctx, call) => banAccount(ctx, call.params.id, call.body),
  }),
  route({
    method: 'post',
    path: '/internal/accounts/:id/unban',
    summary: 'Unban',
    who,
    params,
    rule: (ctx, call) => unbanAccount(ctx, call.params.id),
  }),
  route({
    method: 'put',
    path: '/internal/accounts/:id/role',
    summary: 'Change the role',
    who,
    params,
    body: roleBody,
    rule: (ctx, call) => setRole(ctx, call.params.id, call.body.role),
  }),
  route({
    method: 'post',
    path: '/internal/accounts/:id/unlock',
    summary: 'Lift the lockout',
    who,
    params,
    rule: async (ctx, call) => {
      const { user_id } = await getAccount(ctx, call.params.id);
      await forgiveFailures(ctx, user_id);
    },
  }),
  route({
    method: 'get',
    path: '/internal/accounts/:id/sessions',
    summary: 'Live sessions, for the export of an account',
    who,
    params,
    rule: async (ctx, call) => ({ sessions: await sessionsOf(ctx.db, call.params.id) }),
  }),
  route({
    method: 'delete',
    path: '/internal/accounts/:id/sessions',
    summary: 'End all sessions',
    who,
    params,
    rule: (ctx, call) => endAllSessions(ctx, call.params.id),
  }),
  route({
    method: 'delete',
    path: '/internal/accounts/:id',
    summary: 'Erase the account',
    who,
    params,
    rule: (ctx, call) => eraseAccount(ctx, call.params.id),
  }),
  route({
    method: 'get',
    path: '/internal/revocations',
    summary: 'What ended after a place; there may be waited for it',
    who,
    query: afterQuery,
    rule: (ctx, { query }) => listRevocations(ctx, query),
  }),
  route({
    method: 'get',
    path: '/internal/jwks',
    summary: 'Public keys of access tokens',
    who,
    rule: async (ctx) => ctx.signer.jwks(),
  }),
];
