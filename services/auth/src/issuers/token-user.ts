// The user whom an application's token names: created or updated as by PUT /app/users.
import { AppError, parse, refuseNul } from '@chatapi/kit';
import type { JWTPayload } from 'jose';
import { accountsByExternalId } from '../app-users/app-user-store.ts';
import { requireNoAdmin } from '../app-users/audit.ts';
import type { AppUserFields } from '../app-users/plan.ts';
import { externalIdParams, userBody } from '../app-users/shapes.ts';
import { upsertUser } from '../app-users/upsert.ts';
import { isBanned, liftExpiredBan, requireUsable } from '../bans.ts';
import type { Context } from '../context.ts';
import type { RequestOrigin } from '../session-store.ts';
import { refusal } from './foreign-token.ts';
import type { IssuerRow } from './issuer-store.ts';

const ownClaim = (claims: JWTPayload, name: string): unknown =>
  Object.hasOwn(claims, name) ? claims[name] : undefined;

/** @throws AUTHENTICATION_ERROR, reason `user`: not a text that can be an `external_id`. */
export function externalIdOf({ user_claim }: IssuerRow, claims: JWTPayload): string {
  try {
    return parse(externalIdParams, { external_id: ownClaim(claims, user_claim) }, 'json').external_id;
  } catch (cause) {
    throw refusal('user', `The claim ${user_claim} of this token does not name a user`, cause);
  }
}

/**
 * What a claim holds that cannot be the field is passed over: nobody is kept out for the name that
 * another system gave them.
 */
function fieldsOf({ claims: names }: IssuerRow, claims: JWTPayload): AppUserFields {
  const fields: AppUserFields = {};
  for (const [field, name] of Object.entries(names)) {
    const value = ownClaim(claims, name as string);
    try {
      const read = parse(userBody, { [field]: value }, 'json');
      refuseNul(read);
      if (value !== undefined) Object.assign(fields, read);
    } catch {}
  }
  return fields;
}

/** Without the names that somebody else has. */
function withoutTaken(fields: AppUserFields, error: AppError): AppUserFields {
  const taken = (error.details.fields as { path: string }[]).map(({ path }) => path);
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !taken.includes(name)));
}

type Upsert = (fields: AppUserFields) => Promise<unknown>;

/** Of names that somebody else has, the account keeps its own, or gets one. */
async function withFreeNames(upsert: Upsert, fields: AppUserFields): Promise<void> {
  try {
    await upsert(fields);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'CONFLICT') throw error;
    await upsert(withoutTaken(fields, error));
  }
}

/** The account is there all the same, or opening the session fails too. */
async function evenWithoutProfile(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'SERVICE_UNAVAILABLE') throw error;
  }
}

/** @throws AUTHENTICATION_ERROR, reason `user`; AUTHORIZATION_ERROR for who may not log in so. */
export async function bringUser(
  ctx: Context,
  from: RequestOrigin,
  issuer: IssuerRow,
  external_id: string,
  claims: JWTPayload,
): Promise<void> {
  const [known] = await accountsByExternalId(ctx.db, [external_id]);
  if (known === undefined && !issuer.create_users) throw refusal('user', 'The user of this token has no account');
  if (known !== undefined) {
    requireNoAdmin(known);
    if (isBanned(known)) await liftExpiredBan(ctx, known.user_id);
    else requireUsable(known);
  }
  const fields = fieldsOf(issuer, claims);
  if (known !== undefined && Object.keys(fields).length === 0) return;
  const acting = { caller: { user_id: issuer.id }, ip: from.ip, request_id: from.request_id };
  const upsert: Upsert = (wanted) => upsertUser(ctx, acting, { ...wanted, external_id });
  await evenWithoutProfile(withFreeNames(upsert, fields));
}
