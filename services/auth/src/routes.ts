import { type Paging, paging, type Route, route } from '@chatapi/kit';
import Joi from 'joi';
import type { Context } from './context.ts';
import { eraseOwnAccount } from './erasure.ts';
import { login, register } from './login.ts';
import { changePassword } from './password-change.ts';
import { refresh } from './refresh.ts';
import { endAllSessions, endOwnSession, ownSessions } from './sessions.ts';
import {
  erasureBody,
  idParams,
  loginBody,
  passwordBody,
  refreshBody,
  registerBody,
  sessionList,
  tokens,
  welcome,
} from './shapes.ts';

const tag = 'Users';
const listQuery = Joi.object<Paging>(paging());

export const routes: Route<Context>[] = [
  route({
    method: 'post',
    path: '/users/register',
    summary: 'Create an account and its first session',
    tag,
    who: 'anyone',
    body: registerBody,
    answer: welcome,
    status: 201,
    rule: (ctx, call) => register(ctx, call, call.body),
  }),
  route({
    method: 'post',
    path: '/users/login',
    summary: 'Open a session by username or email',
    tag,
    who: 'anyone',
    body: loginBody,
    answer: welcome,
    rule: (ctx, call) => login(ctx, call, call.body, call.request_id),
  }),
  route({
    method: 'post',
    path: '/users/refresh',
    summary: 'Exchange a refresh token for a new pair; it is good until its successor is first used',
    tag,
    who: 'anyone',
    body: refreshBody,
    answer: tokens,
    rule: (ctx, call) => refresh(ctx, call, call.body.refresh_token),
  }),
  route({
    method: 'post',
    path: '/users/logout',
    summary: 'End this session, its tokens and its sockets',
    tag,
    who: 'user',
    rule: (ctx, { caller }) => endOwnSession(ctx, caller, caller.session_id),
  }),
  route({
    method: 'put',
    path: '/users/me/password',
    summary: 'Set a new password; all other sessions end',
    tag,
    who: 'user',
    body: passwordBody,
    rule: (ctx, { caller, body }) => changePassword(ctx, caller, body),
  }),
  route({
    method: 'delete',
    path: '/users/me',
    summary: 'Erase my account and all that I wrote, for ever',
    tag,
    who: 'user',
    body: erasureBody,
    rule: (ctx, { caller, body }) => eraseOwnAccount(ctx, caller, body.password),
  }),
  route({
    method: 'get',
    path: '/users/me/sessions',
    summary: 'My live sessions, newest first',
    tag,
    who: 'user',
    query: listQuery,
    answer: sessionList,
    rule: (ctx, { caller, query }) => ownSessions(ctx, caller, query),
  }),
  route({
    method: 'delete',
    path: '/users/me/sessions/:id',
    summary: 'End one of my sessions',
    tag,
    who: 'user',
    params: idParams,
    rule: (ctx, { caller, params }) => endOwnSession(ctx, caller, params.id),
  }),
  route({
    method: 'delete',
    path: '/users/me/sessions',
    summary: 'End all of my sessions but this one',
    tag,
    who: 'user',
    rule: (ctx, { caller }) => endAllSessions(ctx, caller.user_id, caller.session_id),
  }),
];
