// The check of a client's access token, key or bot token in both gateways.
import { toAppError } from '../errors.ts';
import { type SecurityDetails, type SecuritySink, securityEvent } from '../security-log.ts';
import type { RevocationSet } from './revocations.ts';
import { type AccessClaims, type AccessVerifier, isForgery } from './verify-access-token.ts';
import { type Credentials, isCredential } from './verify-credential.ts';

export interface TokenGate extends SecuritySink {
  verifier: AccessVerifier;
  revocations: Pick<RevocationSet, 'admit'>;
  credentials: Pick<Credentials, 'verify' | 'forget'>;
}

/** @throws AppError */
const verify = ({ verifier, credentials }: TokenGate, token: string, { ip = '' }: SecurityDetails) =>
  isCredential(token) ? credentials.verify(token, ip) : verifier.verify(token);

/**
 * @returns the claims with the current role. @throws AppError AUTHENTICATION_ERROR,
 * AUTHORIZATION_ERROR (banned), SERVICE_UNAVAILABLE
 */
export async function admitToken(gate: TokenGate, token: string, from: SecurityDetails): Promise<AccessClaims> {
  let claims: AccessClaims;
  try {
    claims = await verify(gate, token, from);
  } catch (error) {
    if (isForgery(error)) securityEvent(gate, 'token.forged', from);
    throw error;
  }
  try {
    return gate.revocations.admit(claims);
  } catch (error) {
    const { user_id, session_id } = claims;
    // What auth said may be older than the revocation.
    if (claims.kind !== undefined) gate.credentials.forget({ subject: session_id });
    if (toAppError(error).code !== 'SERVICE_UNAVAILABLE')
      securityEvent(gate, 'token.revoked', { ...from, user_id, session_id });
    throw error;
  }
}
