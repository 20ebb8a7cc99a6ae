// Internal routes of issuers, for the admin service. It has read the shapes; what keys are worth is
// judged here.
import { type IdPaging, idOf, idPaging, idParams, type Route, route } from '@chatapi/kit';
import Joi from 'joi';
import type { Context } from '../context.ts';
import type { ClaimNames } from '../issuers/issuer-store.ts';
import { createIssuer, type NewIssuer, removeIssuer, showIssuers } from '../issuers/issuers.ts';

const name = () => Joi.string().max(200);

const body = Joi.object<NewIssuer>({
  id: idOf('iss').required(),
  issuer: Joi.string().required(),
  audience: Joi.string().required(),
  jwks_url: Joi.string(),
  public_keys: Joi.array().items(Joi.string(), Joi.object().unknown()),
  secret: Joi.string(),
  user_claim: name().required(),
  create_users: Joi.boolean().required(),
  claims: Joi.object<ClaimNames, true>({
    username: name(),
    display_name: name(),
    email: name(),
    avatar_url: name(),
  }).required(),
});

export const issuerRoutes: Route<Context>[] = [
  route({
    method: 'post',
    path: '/internal/issuers',
    summary: 'Create an issuer',
    who: ['admin'],
    body,
    status: 201,
    rule: (ctx, call) => createIssuer(ctx, call.body),
  }),
  route({
    method: 'get',
    path: '/internal/issuers',
    summary: 'List issuers, newest first, without their secrets',
    who: ['admin'],
    query: Joi.object<IdPaging>(idPaging()),
    rule: (ctx, { query }) => showIssuers(ctx, query),
  }),
  route({
    method: 'delete',
    path: '/internal/issuers/:id',
    summary: 'Delete an issuer',
    who: ['admin'],
    params: idParams,
    rule: (ctx, { params }) => removeIssuer(ctx, params.id),
  }),
];
