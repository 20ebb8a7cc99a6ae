// Schemas of the routes by which applications bring their own users.
import {
  type AppError,
  anyText,
  characters,
  count,
  customPatch,
  type ErrorCode,
  invalid,
  oneOf,
  parse,
  refuseNul,
  text,
  toAppError,
  webUrl,
  wireObject,
} from '@chatapi/kit';
import Joi from 'joi';
import { emailAddress, userFields, username } from '../shapes.ts';
import type { AppUserView } from '../user-view.ts';
import type { Erasing } from './app-users.ts';
import type { MintedToken, MintRequest } from './minting.ts';
import type { AppUser, AppUserFields } from './plan.ts';

const MAX_BATCH = 1000;
const MAX_ID = 128;

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this looks for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/** Compared by code points: case, Unicode form and spaces tell ids apart. */
const externalId = (): Joi.StringSchema =>
  characters(MAX_ID)
    .custom((value: string, h) => {
      if (!value.isWellFormed()) return invalid(h, 'is not well-formed Unicode');
      if (CONTROL.test(value)) return invalid(h, 'must not contain control characters');
      // Clients and proxies take them for parts of the path.
      return value === '.' || value === '..' ? invalid(h, 'must not be . or ..') : value;
    })
    .required();

/** The path's segment, decoded once. */
export const externalIdParams = Joi.object<{ external_id: string }, true>({ external_id: externalId() });

const fields = {
  username: username(),
  display_name: text({ min: 1, max: 64, singleLine: true }),
  bio: text({ max: 500 }),
  avatar_url: webUrl().allow(null),
  email: emailAddress().allow(null),
  custom: customPatch(),
};

export const userBody = Joi.object<AppUserFields, true>(fields);

const item = Joi.object<AppUser, true>({ ...fields, external_id: externalId() });

export const batchBody = Joi.object<{ users: unknown[] }>({
  users: Joi.array().items(item).min(1).max(MAX_BATCH).required(),
});
const anyBatch = Joi.object<{ users: unknown[] }>({ users: Joi.array().min(1).max(MAX_BATCH).required() });

/** Reads all but the users: `readItem` reads each of them, so that a bad one fails alone. */
export function readBatch(body: unknown): { users: unknown[] } {
  const { users, ...rest } = body as { users?: unknown };
  const isList = Array.isArray(users);
  parse(anyBatch, { ...rest, users: isList ? users.map(() => 0) : users }, 'json');
  return { users: users as unknown[] };
}

/** @returns the error of a bad one. */
export function readItem(value: unknown): AppUser | AppError {
  try {
    const user = parse(item.required(), value, 'json');
    refuseNul(user);
    return user;
  } catch (error) {
    return toAppError(error);
  }
}

export const mintBody = Joi.object<MintRequest, true>({
  expires_in: Joi.number().integer().min(60).max(86_400).default(3600).description('seconds'),
  session_name: text({ min: 1, max: 64, singleLine: true }).description('shown to the user among the sessions'),
});

export const appUserSchema = wireObject<AppUserView>('AppUser', { ...userFields, external_id: Joi.string() });

export interface ItemResult {
  /** As it was sent; null when it was no text. */
  external_id: string | null;
  status: 'created' | 'updated' | 'failed';
  user?: AppUserView;
  error?: { code: ErrorCode; message: string; details: Record<string, unknown> };
}

const resultSchema = wireObject<ItemResult>(
  'AppUserResult',
  {
    external_id: anyText().allow(null).description('as it was sent; null when it was no text'),
    status: oneOf('created', 'updated', 'failed'),
  },
  {
    user: appUserSchema,
    error: wireObject<NonNullable<ItemResult['error']>>('ItemError', {
      code: Joi.string<ErrorCode>(),
      message: Joi.string(),
      details: Joi.object<Record<string, unknown>>().unknown(),
    }),
  },
);

export const batchResults = wireObject<{ results: ItemResult[] }>('AppUserResults', {
  results: Joi.array().items(resultSchema).description('in the order of `users`'),
});

export const erasingSchema = wireObject<Erasing>('Erasing', { id: Joi.string() });

export const mintedSchema = wireObject<MintedToken>('MintedToken', {
  access_token: Joi.string(),
  token_type: oneOf('bearer'),
  expires_in: count().description('lifetime of the token and of its session in seconds'),
  user: appUserSchema,
  session_id: Joi.string(),
});
