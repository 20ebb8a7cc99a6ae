// What goes in and out of the routes: these schemas validate, and the documents are made from them.
import { text } from '@chatapi/kit';
import Joi from 'joi';
import type { Newcomer } from './accounts.ts';
import type { Credentials } from './login.ts';

const time = (): Joi.StringSchema => Joi.string().isoDate();
const words = (max: number): Joi.StringSchema => Joi.string().max(max).required();

export const registerBody = Joi.object<Newcomer & { password: string }, true>({
  username: Joi.string()
    .pattern(/^[A-Za-z0-9_.-]{3,32}$/, 'must have 3 to 32 letters, digits, _ . or -')
    .required(),
  email: Joi.string().email({ tlds: false }).max(254).required(),
  password: words(1024),
  display_name: text({ max: 64, singleLine: true }),
});

// Longer than any that can be right: so that a long one is a wrong one, not a malformed one.
export const loginBody = Joi.object<Credentials, true>({ username_or_email: words(254), password: words(1024) });
export const refreshBody = Joi.object<{ refresh_token: string }, true>({ refresh_token: words(128) });
export const passwordBody = Joi.object<{ current_password: string; new_password: string }, true>({
  current_password: words(1024),
  new_password: words(1024),
});
export const erasureBody = Joi.object<{ password: string }, true>({ password: words(1024) });
export const idParams = Joi.object<{ id: string }, true>({ id: words(64) });

export const user = Joi.object({
  id: Joi.string().required(),
  username: Joi.string().required(),
  email: Joi.string().required(),
  display_name: Joi.string().required(),
  bio: Joi.string().allow('').required(),
  avatar_url: Joi.string().allow(null).required(),
  role: Joi.string().valid('user', 'moderator', 'admin').required(),
  status: Joi.string().valid('active', 'banned').required(),
  created_at: time().required(),
  updated_at: time().required(),
});

const tokenFields = {
  access_token: Joi.string().required(),
  refresh_token: Joi.string().required(),
  token_type: Joi.string().valid('bearer').required(),
  expires_in: Joi.number().required().description('seconds'),
};
export const tokens = Joi.object(tokenFields);
export const welcome = Joi.object({ user: user.required(), ...tokenFields });

export const sessionList = Joi.object({
  sessions: Joi.array().items(
    Joi.object({
      id: Joi.string().required(),
      created_at: time().required(),
      last_used_at: time().required(),
      ip: Joi.string().required(),
      user_agent: Joi.string().allow('').required(),
      current: Joi.boolean().required(),
    }),
  ),
  has_more: Joi.boolean().required(),
});
