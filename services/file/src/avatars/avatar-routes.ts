import { idOf, type Route, route } from '@chatapi/kit';
import Joi from 'joi';
import type { Context } from '../context.ts';
import { type AvatarCall, downloadAvatar, putAvatar, removeOwnAvatar } from './avatars.ts';

const params = Joi.object<{ user_id: string; hash: string }, true>({
  user_id: idOf('usr').required(),
  hash: Joi.string()
    .pattern(/^[0-9a-f]{32}$/)
    .required(),
});
const binary = { schema: { type: 'string', format: 'binary' } };

const uploadDocs = {
  requestBody: {
    required: true,
    content: {
      'multipart/form-data': {
        schema: {
          type: 'object',
          required: ['file'],
          additionalProperties: false,
          properties: {
            file: { type: 'string', format: 'binary', description: 'a PNG, JPEG, WebP or GIF of at most 2 MiB' },
          },
        },
      },
    },
  },
  // Described by the user service.
  responses: {
    200: {
      description: 'The user with the address of the avatar, relative to the server',
      content: { 'application/json': { schema: { $ref: '#/components/schemas/Me' } } },
    },
  },
};

const downloadDocs = {
  security: [{}],
  responses: {
    200: { description: 'A square WebP image of at most 512 × 512 pixels', content: { 'image/webp': binary } },
    304: { description: 'The ETag still holds' },
  },
};

export const avatarRoutes: Route<Context>[] = [
  route<Context>({
    method: 'put',
    path: '/users/me/avatar',
    summary: 'Upload an avatar; it is cut square and encoded anew',
    tag: 'Users',
    who: 'user',
    scope: 'users:write',
    docs: uploadDocs,
    errors: [408],
    rule: (ctx, { caller, req, request_id }) => putAvatar(ctx, caller, req, request_id),
  }),
  route<Context>({
    method: 'delete',
    path: '/users/me/avatar',
    summary: 'Remove the avatar',
    tag: 'Users',
    who: 'user',
    scope: 'users:write',
    rule: (ctx, { caller, request_id }) => removeOwnAvatar(ctx, caller, request_id),
  }),
  route<Context, { user_id: string; hash: string }, object>({
    method: 'get',
    path: '/avatars/:user_id/:hash',
    summary: 'Download an avatar; its address never shows another one',
    tag: 'Users',
    who: 'anyone',
    scope: 'none',
    params,
    raw: true,
    docs: downloadDocs,
    rule: (ctx, call) => downloadAvatar(ctx, call as AvatarCall),
  }),
];
