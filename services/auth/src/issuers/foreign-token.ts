// Verifies the token of an application's own issuer. What its header says beyond `alg` and `kid`
// (`jwk`, `jku`, `x5u` …) is never used: keys come from our settings only.
import { AppError } from '@chatapi/kit';
import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose';
import type { Context } from '../context.ts';
import { unseal } from '../sealing.ts';
import { type IssuerRow, issuersByName } from './issuer-store.ts';
import { keysFor, readPublicKey, secretKey, type TrustedKey } from './trusted-keys.ts';

type Ctx = Pick<Context, 'db' | 'config' | 'keySets'>;
export type Refusal = 'issuer' | 'signature' | 'audience' | 'expired' | 'user';

/** Seconds by which clocks may differ. */
export const TOLERANCE_S = 60;

export const refusal = (reason: Refusal, message: string, cause?: unknown): AppError =>
  new AppError('AUTHENTICATION_ERROR', message, { details: { reason }, cause });

export interface VerifiedToken {
  issuer: IssuerRow;
  claims: JWTPayload & { exp: number };
}

interface Head {
  alg?: string;
  kid?: string;
  iss: unknown;
  aud: unknown;
}

/** Says which keys to try; nothing of it is trusted. */
function readHead(token: string): Head {
  try {
    const { alg, kid } = decodeProtectedHeader(token);
    const { iss, aud } = decodeJwt(token) as { iss?: unknown; aud?: unknown };
    return { alg, kid: typeof kid === 'string' ? kid : undefined, iss, aud };
  } catch (cause) {
    throw refusal('signature', 'The subject_token is not a signed JWT', cause);
  }
}

async function issuersOf({ db }: Ctx, { iss, aud }: Head): Promise<IssuerRow[]> {
  const known = typeof iss === 'string' && !iss.includes('\0') ? await issuersByName(db, iss) : [];
  if (known.length === 0) throw refusal('issuer', 'The issuer of this token is not known');
  const named = known.filter(({ audience }) => [aud].flat().includes(audience));
  if (named.length === 0) throw refusal('audience', 'This token is for another audience');
  return named;
}

async function keysOf(ctx: Ctx, issuer: IssuerRow, head: Head): Promise<TrustedKey[]> {
  const choose = (keys: TrustedKey[]): TrustedKey[] => keysFor(keys, head);
  if (issuer.sealed_secret !== null) return choose([secretKey(unseal(ctx.config, issuer.id, issuer.sealed_secret))]);
  if (issuer.public_keys !== null) return choose(issuer.public_keys.map((jwk) => readPublicKey({ ...jwk })));
  return await ctx.keySets.find(issuer, choose);
}

const TIMES = new Set(['exp', 'nbf', 'iat']);

/** @returns undefined when the key did not make the signature. @throws AppError for its claims. */
async function verifyWith(token: string, { key, algorithm }: TrustedKey, issuer: IssuerRow) {
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: algorithm === 'EdDSA' ? ['EdDSA', 'Ed25519'] : [algorithm],
      audience: issuer.audience,
      issuer: issuer.issuer,
      clockTolerance: TOLERANCE_S,
      requiredClaims: ['exp'],
    });
    if ((payload.iat ?? 0) > Date.now() / 1000 + TOLERANCE_S) throw refusal('expired', 'This token is from the future');
    return payload as VerifiedToken['claims'];
  } catch (error) {
    if (error instanceof AppError) throw error;
    if (error instanceof errors.JWTExpired) throw refusal('expired', 'This token has expired', error);
    if (error instanceof errors.JWTClaimValidationFailed && TIMES.has(error.claim))
      throw refusal('expired', `The claim ${error.claim} of this token does not make it valid now`, error);
    return undefined;
  }
}

/** @throws AppError AUTHENTICATION_ERROR with a reason; SERVICE_UNAVAILABLE without its keys. */
export async function verifyForeignToken(ctx: Ctx, token: string): Promise<VerifiedToken> {
  const head = readHead(token);
  for (const issuer of await issuersOf(ctx, head)) {
    for (const key of await keysOf(ctx, issuer, head)) {
      const claims = await verifyWith(token, key, issuer);
      if (claims !== undefined) return { issuer, claims };
    }
  }
  throw refusal('signature', 'The signature of this token is not valid');
}
