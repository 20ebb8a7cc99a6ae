import {
  anyId,
  cursorKey,
  type IdPaging,
  idOf,
  idPaging,
  idParams,
  paging,
  type Route,
  route,
  text,
  timestamp,
} from '@chatapi/kit';
import type { Role } from '@chatapi/kit/auth';
import Joi from 'joi';
import { ACCOUNT_SORTS, type AccountFilter, type AccountKey, type AccountSort } from './account-list-store.ts';
import { accountStates } from './account-store.ts';
import { accountsById, findAccounts, getAccount } from './accounts.ts';
import { type Ban, banAccount, unbanAccount } from './bans.ts';
import { setRole } from './change-role.ts';
import type { Context } from './context.ts';
import { eraseAccount } from './erasure.ts';
import { resetFailures } from './login-limit.ts';
import { makeResetLink } from './recovery/password-reset.ts';
import { listRevocations } from './revocations.ts';
import { credentialRoutes } from './routes/credential-routes.ts';
import { incomingWebhookBotRoutes } from './routes/incoming-webhook-bot-routes.ts';
import { inviteRoutes } from './routes/invite-routes.ts';
import { issuerRoutes } from './routes/issuer-routes.ts';
import { countSessions, sessionsOf } from './session-store.ts';
import { endAllSessions, sessionPage } from './sessions.ts';
import { onRecord, type StaffAct, staffActFields } from './staff-acts.ts';

const role = (): Joi.StringSchema => Joi.string().valid('user', 'moderator', 'admin');
const reason = text({ max: 500 }).allow(null);

const sort = (): Joi.StringSchema<AccountSort> => Joi.string<AccountSort>().valid(...ACCOUNT_SORTS);
const place = Joi.alternatives(
  cursorKey(anyId()),
  cursorKey(sort(), Joi.alternatives(Joi.string(), Joi.number().integer().min(0)), anyId()),
);
const filter = Joi.object<AccountFilter>({
  ...paging<AccountKey>(place),
  sort: sort().default('created'),
  search: Joi.string().allow('').max(254).default(''),
  by_email: Joi.boolean().default(false),
  status: Joi.string().valid('active', 'banned', 'deactivated'),
  role: role(),
});
const banBody = Joi.object<Ban & StaffAct, true>({
  ...staffActFields,
  reason,
  until: timestamp().allow(null),
  actor_id: anyId().required(),
  spares_staff: Joi.boolean(),
});
const roleBody = Joi.object<{ role: Role } & StaffAct, true>({ ...staffActFields, role: role().required() });
const actBody = Joi.object<StaffAct, true>(staffActFields);
const afterQuery = Joi.object<{ after: number; wait_ms: number }, true>({
  after: Joi.number().integer().min(0).default(0),
  wait_ms: Joi.number().integer().min(0).max(10_000).default(0),
});

const statesBody = Joi.object<{ ids?: string[]; after: string; limit: number }>({
  ids: Joi.array().items(Joi.string()).max(1000),
  after: Joi.string().allow('').default(''),
  limit: Joi.number().integer().min(1).max(1000).default(1000),
});

const byIds = Joi.object<{ ids: string[] }, true>({ ids: Joi.array().items(idOf('usr')).max(1000).required() });

const params = idParams;

export const internalRoutes: Route<Context>[] = [
  route({
    method: 'get',
    path: '/internal/accounts',
    summary: 'List accounts, newest first',
    who: ['admin'],
    query: filter,
    rule: (ctx, { query }) => findAccounts(ctx, query),
  }),
  route({
    method: 'post',
    path: '/internal/accounts/states',
    summary: 'Get account states for statistics: by ids, or a page in order of id',
    who: ['admin'],
    body: statesBody,
    rule: async (ctx, { body }) => ({ states: await accountStates(ctx.db, body) }),
  }),
  route({
    method: 'post',
    path: '/internal/accounts/by-ids',
    summary: 'Get accounts by ids; unknown ones are left out',
    who: ['message', 'user'],
    body: byIds,
    rule: (ctx, { body }) => accountsById(ctx, body.ids),
  }),
  route({
    method: 'get',
    path: '/internal/accounts/:id',
    summary: 'Get an account',
    who: ['user', 'file', 'admin'],
    params,
    rule: (ctx, call) => getAccount(ctx, call.params.id),
  }),
  route({
    method: 'post',
    path: '/internal/accounts/:id/ban',
    summary: 'Ban an account',
    who: ['admin'],
    params,
    body: banBody,
    rule: onRecord('account.banned', (ctx, { params, body }) => banAccount(ctx, params.id, body)),
  }),
  route({
    method: 'post',
    path: '/internal/accounts/:id/unban',
    summary: 'Lift a ban',
    who: ['admin'],
    params,
    body: actBody,
    rule: onRecord('account.unbanned', (ctx, { params }) => unbanAccount(ctx, params.id)),
  }),
  route({
    method: 'put',
    path: '/internal/accounts/:id/role',
    summary: 'Change the role of an account',
    who: ['admin'],
    params,
    body: roleBody,
    rule: onRecord('account.role_changed', (ctx, { params, body }) => setRole(ctx, params.id, body.role)),
  }),
  route({
    method: 'post',
    path: '/internal/accounts/:id/unlock',
    summary: 'Lift the login lockout of an account',
    who: ['admin'],
    params,
    body: actBody,
    rule: onRecord('account.unlocked', async (ctx, { params }) => {
      const { user_id } = await getAccount(ctx, params.id);
      await resetFailures(ctx, user_id);
    }),
  }),
  route({
    method: 'post',
    path: '/internal/accounts/:id/password-reset',
    summary: 'Make a link to a new password that an admin hands out',
    who: ['admin'],
    params,
    body: actBody,
    rule: onRecord('password.reset_link_made', (ctx, { params }) => makeResetLink(ctx, params.id)),
  }),
  route({
    method: 'get',
    path: '/internal/accounts/:id/sessions',
    summary: 'List live sessions, for the export of an account',
    who: ['file'],
    params,
    rule: async (ctx, call) => ({ sessions: await sessionsOf(ctx.db, call.params.id) }),
  }),
  route<Context, { id: string }, IdPaging>({
    method: 'get',
    path: '/internal/accounts/:id/session-page',
    summary: 'List live sessions, page by page',
    who: ['admin'],
    params,
    query: Joi.object<IdPaging>(idPaging()),
    rule: (ctx, { params, query }) => sessionPage(ctx, params.id, query),
  }),
  route({
    method: 'get',
    path: '/internal/accounts/:id/session-count',
    summary: 'Count live sessions',
    who: ['admin'],
    params,
    rule: async (ctx, { params }) => ({ sessions: await countSessions(ctx.db, params.id) }),
  }),
  route({
    method: 'delete',
    path: '/internal/accounts/:id/sessions',
    summary: 'End all sessions of an account',
    who: ['admin'],
    params,
    body: actBody,
    rule: onRecord('sessions.ended', (ctx, { params }) => endAllSessions(ctx, params.id)),
  }),
  route({
    method: 'delete',
    path: '/internal/accounts/:id',
    summary: 'Erase an account',
    who: ['admin'],
    params,
    body: actBody,
    rule: onRecord('account.erased', (ctx, { params }) => eraseAccount(ctx, params.id)),
  }),
  route({
    method: 'get',
    path: '/internal/revocations',
    summary: 'Get revocations after a sequence number (long poll)',
    who: ['api-gateway', 'realtime-gateway'],
    query: afterQuery,
    rule: (ctx, { query }) => listRevocations(ctx, query),
  }),
  route({
    method: 'get',
    path: '/internal/jwks',
    summary: 'Get the public keys of access tokens (JWK Set)',
    who: ['api-gateway', 'realtime-gateway'],
    rule: async (ctx) => ctx.signer.jwks(),
  }),
  ...credentialRoutes,
  ...issuerRoutes,
  ...inviteRoutes,
  ...incomingWebhookBotRoutes,
];
