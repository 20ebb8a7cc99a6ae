import { type IdPaging, idPaging, idParams, type Route, route } from '@chatapi/kit';
import Joi from 'joi';
import { appUserRoutes } from './app-users/routes.ts';
import { botRoutes } from './bots/routes.ts';
import type { Context } from './context.ts';
import { endOtherSessions } from './end-other-sessions.ts';
import { eraseOwnAccount } from './erasure.ts';
import { exchangeToken } from './issuers/exchange.ts';
import { exchangeBody, exchangedSchema } from './issuers/exchange-shapes.ts';
import { login } from './login.ts';
import { changePassword } from './password-change.ts';
import { recoveryRoutes } from './recovery/routes.ts';
import { refresh } from './refresh.ts';
import { register } from './register.ts';
import { endOwnSession, ownSessions } from './sessions.ts';
import {
  erasureBody,
  loginBody,
  loginResultSchema,
  passwordBody,
  refreshBody,
  registerBody,
  registrationSchema,
  sessionList,
  tokensSchema,
} from './shapes.ts';

const tag = 'Users';
const listQuery = Joi.object<IdPaging>(idPaging());

export const routes: Route<Context>[] = [
  route({
    method: 'post',
    path: '/users/register',
    summary: 'Create an account and log in',
    description:
      'Under REQUIRE_VERIFIED_EMAIL the answer has the user only, and the tokens come with the login after the ' +
      'address is confirmed.',
    tag,
    who: 'anyone',
    scope: 'none',
    body: registerBody,
    example: {
      username: 'johndoe',
      email: 'john@example.com',
      password: 'securepassword123',
      display_name: 'John Doe',
    },
    answer: registrationSchema,
    status: 201,
    errors: [403, 409],
    rule: (ctx, call) => register(ctx, call, call.body),
  }),
  route({
    method: 'post',
    path: '/users/login',
    summary: 'Log in with username or email',
    description:
      'A locked account answers 423, also to the right password, but not to a known device: the browser family and ' +
      'network of a login in the last 30 days.',
    tag,
    who: 'anyone',
    scope: 'none',
    body: loginBody,
    example: { username_or_email: 'johndoe', password: 'securepassword123' },
    answer: loginResultSchema,
    errors: [403, 423],
    rule: (ctx, call) => login(ctx, call, call.body),
  }),
  route({
    method: 'post',
    path: '/users/refresh',
    summary: 'Exchange a refresh token for a new pair of tokens; retries return the same refresh token',
    tag,
    who: 'anyone',
    scope: 'none',
    body: refreshBody,
    example: { refresh_token: 'of your last login' },
    answer: tokensSchema,
    errors: [403],
    rule: (ctx, call) => refresh(ctx, call, call.body.refresh_token),
  }),
  route({
    method: 'post',
    path: '/users/token',
    summary: 'Exchange a token of a trusted issuer for a session (RFC 8693)',
    description:
      'The session ends when that token does, at most 24 hours later, and has no refresh token. Refused tokens are ' +
      '401 with one of the reasons `issuer`, `signature`, `audience`, `expired` and `user`.',
    tag,
    who: 'anyone',
    scope: 'none',
    form: true,
    body: exchangeBody,
    example: {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: 'a JWT of your application',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    },
    answer: exchangedSchema,
    errors: [403],
    rule: (ctx, call) => exchangeToken(ctx, call, call.body),
  }),
  route({
    method: 'post',
    path: '/users/logout',
    summary: 'Log out: end this session, its tokens and its WebSockets',
    tag,
    who: 'user',
    scope: 'none',
    rule: (ctx, { caller, request_id }) => endOwnSession(ctx, caller, caller.session_id, request_id),
  }),
  route({
    method: 'put',
    path: '/users/me/password',
    summary: 'Change the password, end all other sessions and return new tokens for this one',
    tag,
    who: 'user',
    scope: 'none',
    body: passwordBody,
    example: { current_password: 'securepassword123', new_password: 'copper-violet-meadow-27' },
    answer: tokensSchema,
    errors: [423],
    rule: (ctx, call) => changePassword(ctx, call.caller, call, call.body),
  }),
  route({
    method: 'delete',
    path: '/users/me',
    summary: 'Erase the account and all of its data permanently',
    tag,
    who: 'user',
    scope: 'none',
    body: erasureBody,
    example: { password: 'securepassword123' },
    errors: [404, 423],
    rule: (ctx, call) => eraseOwnAccount(ctx, call.caller, call.body.password, call),
  }),
  route({
    method: 'get',
    path: '/users/me/sessions',
    summary: 'List own sessions, newest first',
    tag,
    who: 'user',
    scope: 'none',
    query: listQuery,
    answer: sessionList,
    rule: (ctx, { caller, query }) => ownSessions(ctx, caller, query),
  }),
  route({
    method: 'delete',
    path: '/users/me/sessions/:id',
    summary: 'End a session',
    tag,
    who: 'user',
    scope: 'none',
    params: idParams,
    rule: (ctx, { caller, params, request_id }) => endOwnSession(ctx, caller, params.id, request_id),
  }),
  route({
    method: 'delete',
    path: '/users/me/sessions',
    summary: 'End all other sessions and return new tokens for this one',
    tag,
    who: 'user',
    scope: 'none',
    answer: tokensSchema,
    rule: (ctx, call) => endOtherSessions(ctx, call.caller, call),
  }),
  ...recoveryRoutes,
  ...appUserRoutes,
  ...botRoutes,
];
