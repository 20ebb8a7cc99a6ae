import {
  characters,
  type IdPaging,
  idPaging,
  idParams,
  invalid,
  type Route,
  route,
  time,
  wireList,
  wireObject,
} from '@chatapi/kit';
import Joi from 'joi';
import type { Context } from './context.ts';
import { createIssuer, deleteIssuer, type Issuer, listIssuers, type NewIssuer } from './issuers.ts';

const MIN_SECRET_BYTES = 32;
const tag = 'Admin';

const word = (max: number) =>
  characters(max).custom((value: string, h) =>
    value.isWellFormed() ? value : invalid(h, 'is not well-formed Unicode'),
  );
const claim = (means: string) => word(128).description(`name of the claim with ${means}`);

const claimNames = () =>
  Joi.object<Issuer['claims'], true>({
    username: claim('the username'),
    display_name: claim('the display name'),
    email: claim('the email'),
    avatar_url: claim('the URL of the picture'),
  });

const issuerBody = Joi.object<NewIssuer>({
  issuer: word(512).required().description('the claim `iss` of its tokens, exactly'),
  audience: word(512).required().description('must be in the claim `aud` of its tokens'),
  jwks_url: Joi.string().max(2048).description('URL of a JWK Set, globally reachable; use https'),
  public_keys: Joi.array()
    .items(Joi.string().max(16_384), Joi.object().unknown())
    .min(1)
    .max(20)
    .description('public keys as PEM or JWK: RSA (RS256), P-256, P-384, P-521 (ES256, ES384, ES512), Ed25519 (EdDSA)'),
  secret: Joi.string()
    .max(512)
    .custom((value: string, h) =>
      Buffer.byteLength(value) < MIN_SECRET_BYTES ? invalid(h, `must have at least ${MIN_SECRET_BYTES} bytes`) : value,
    )
    .description('a shared secret for HS256, at least 32 bytes; never shown again'),
  user_claim: claim('the `external_id` of the user').default('sub'),
  create_users: Joi.boolean().default(false).description('whether unknown users get an account'),
  claims: claimNames().default({}),
}).xor('jwks_url', 'public_keys', 'secret');

const issuerSchema = wireObject<Issuer>('Issuer', {
  id: Joi.string(),
  issuer: Joi.string(),
  audience: Joi.string(),
  jwks_url: Joi.string().allow(null),
  public_keys: Joi.array().items(Joi.object().unknown()).allow(null).description('JWKs'),
  has_secret: Joi.boolean(),
  user_claim: Joi.string(),
  create_users: Joi.boolean(),
  claims: claimNames(),
  created_at: time(),
  jwks_fetched_at: time().allow(null).description('when `jwks_url` last gave keys'),
});

export const issuerRoutes: Route<Context>[] = [
  route({
    method: 'post',
    path: '/admin/issuers',
    summary: 'Trust an issuer: its tokens may be exchanged at /users/token',
    description: 'Every issuer speaks for all users with an `external_id`. At most 50.',
    tag,
    who: 'admin',
    scope: 'none',
    body: issuerBody,
    example: {
      issuer: 'https://shop.example.com',
      audience: 'chatapi',
      jwks_url: 'https://shop.example.com/jwks.json',
      create_users: true,
    },
    answer: issuerSchema,
    status: 201,
    errors: [409],
    rule: createIssuer,
  }),
  route({
    method: 'get',
    path: '/admin/issuers',
    summary: 'List issuers, newest first, without their secrets',
    tag,
    who: 'admin',
    scope: 'none',
    query: Joi.object<IdPaging>(idPaging()),
    answer: wireList('IssuerList', 'issuers', issuerSchema),
    rule: listIssuers,
  }),
  route({
    method: 'delete',
    path: '/admin/issuers/:id',
    summary: 'Trust an issuer no more; sessions that began with its tokens go on until their end',
    tag,
    who: 'admin',
    scope: 'none',
    params: idParams,
    rule: deleteIssuer,
  }),
];
