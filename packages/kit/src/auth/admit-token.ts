// The check of a client's access token in both gateways.
import { toAppError } from '../errors.ts';
import { type SecurityDetails, type SecuritySink, securityEvent } from '../security-log.ts';
import { type AccessClaims, type AccessVerifier, isForgery } from './access-token.ts';
import type { RevocationSet } from './revocations.ts';

export interface TokenGate extends SecuritySink {
  verifier: AccessVerifier;
  revocations: Pick<RevocationSet, 'admit'>;
}

/**
 * @returns the claims with the current role. @throws AppError AUTHENTICATION_ERROR,
 * AUTHORIZATION_ERROR (banned), SERVICE_UNAVAILABLE
 */
export async function admitToken(gate: TokenGate, token: string, from: SecurityDetails): Promise<AccessClaims> {
  let claims: AccessClaims;
  try {
    claims = await gate.verifier.verify(token);
  } catch (error) {
    if (isForgery(error)) securityEvent(gate, 'token.forged', from);
    throw error;
  }
  try {
    return gate.revocations.admit(claims);
  } catch (error) {
    const { user_id, session_id } = claims;
    if (toAppError(error).code !== 'SERVICE_UNAVAILABLE')
      securityEvent(gate, 'token.revoked', { ...from, user_id, session_id });
    throw error;
  }
}
