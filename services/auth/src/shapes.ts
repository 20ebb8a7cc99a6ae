// Schemas of requests and responses. They validate input and generate the OpenAPI document.
import { anyText, count, customObject, invalid, oneOf, text, time, wireList, wireObject } from '@chatapi/kit';
import type { Role } from '@chatapi/kit/auth';
import Joi from 'joi';
import type { NewUser } from './accounts.ts';
import type { Credentials, LoginResult } from './login.ts';
import { strongPassword } from './password-policy.ts';
import type { Registration } from './register.ts';
import type { SessionView, Tokens } from './sessions.ts';
import type { User } from './user-view.ts';

/** A password as typed, or a token. */
export const secretText = (max: number): Joi.StringSchema => Joi.string().max(max).required();
/** Stops at the length: normalising an email can take time quadratic in its length. */
export const emailAddress = (): Joi.StringSchema =>
  Joi.string().max(254).email({ tlds: false }).prefs({ abortEarly: true });
export const newPassword = (...about: string[]): Joi.StringSchema =>
  Joi.string()
    .required()
    .custom(strongPassword(...about))
    .description('8 to 72 bytes in UTF-8, and hard to guess')
    .meta({ schema: { minLength: 2, maxLength: 72 } });

/** `@all` and `@here` mention everybody. */
const RESERVED_NAMES = /^(?:all|here)$/i;

export const username = (): Joi.StringSchema =>
  Joi.string()
    .pattern(/^[A-Za-z0-9_.-]{3,32}$/, 'must have 3 to 32 letters, digits, _ . or -')
    .custom((value: string, h) => (RESERVED_NAMES.test(value) ? invalid(h, 'is reserved') : value));

export const registerBody = Joi.object<NewUser & { password: string; invite?: string }, true>({
  username: username().required(),
  email: emailAddress().required(),
  password: newPassword('username', 'email', 'display_name'),
  display_name: text({ max: 64, singleLine: true }),
  invite: Joi.string().max(128).description('code of an invite, where one is needed or has rooms'),
});

// Longer than any valid password, so that a long one is a wrong password, not malformed input.
export const loginBody = Joi.object<Credentials, true>({
  username_or_email: secretText(254),
  password: secretText(1024),
});
export const refreshBody = Joi.object<{ refresh_token: string }, true>({ refresh_token: secretText(128) });
export const passwordBody = Joi.object<{ current_password: string; new_password: string }, true>({
  current_password: secretText(1024),
  new_password: newPassword(),
});
export const erasureBody = Joi.object<{ password: string }, true>({ password: secretText(1024) });

/** All fields of `User` but its external id. */
export const userFields = {
  id: Joi.string(),
  username: Joi.string(),
  email: Joi.string().allow(null),
  email_verified: Joi.boolean().description('whether the owner has confirmed the address'),
  display_name: Joi.string(),
  bio: anyText(),
  avatar_url: Joi.string().allow(null),
  custom: customObject(),
  kind: oneOf('user', 'bot'),
  role: oneOf<Role>('user', 'moderator', 'admin'),
  status: oneOf('active', 'banned', 'deactivated'),
  created_at: time(),
  updated_at: time(),
};
export const userSchema = wireObject<User>('Me', {
  ...userFields,
  external_id: Joi.string().allow(null).description('the id that the application gave its own user'),
});

const tokenFields = {
  access_token: Joi.string(),
  refresh_token: Joi.string(),
  token_type: oneOf('bearer'),
  expires_in: count().description('lifetime of `access_token` in seconds'),
};
export const tokensSchema = wireObject<Tokens>('Tokens', tokenFields);
export const registrationSchema = wireObject<Registration>('Registration', { user: userSchema }, tokenFields);
export const loginResultSchema = wireObject<LoginResult>('Session', { user: userSchema, ...tokenFields });

const sessionSchema = wireObject<SessionView>('SessionInfo', {
  id: Joi.string(),
  name: Joi.string().allow(null).description('given by the application that made it'),
  created_at: time(),
  last_used_at: time(),
  ip: anyText(),
  user_agent: anyText(),
  current: Joi.boolean().description('whether it is the session of this request'),
});
export const sessionList = wireList('SessionList', 'sessions', sessionSchema);
