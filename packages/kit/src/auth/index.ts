export { addressKey } from './address-key.ts';
export { admitToken, type TokenGate } from './admit-token.ts';
export { showLimiter } from './limiter-metrics.ts';
export { networkOf } from './network.ts';
export {
  createRateLimiter,
  limitExceeded,
  limitHeaders,
  type RateLimiter,
  type RateLimitResult,
} from './rate-limiter.ts';
export { showRevocations } from './revocation-metrics.ts';
export {
  createRevocationSet,
  fetchRevocationsFrom,
  type RevocationRecord,
  type RevocationSet,
} from './revocations.ts';
export { actAsRequired, requireScope, SCOPES, type Scope } from './scopes.ts';
export {
  createServiceKeys,
  isSignedBy,
  macOf,
  publicKeyOf,
  SERVICES,
  type ServiceKeys,
  type ServiceName,
} from './service-keys.ts';
export {
  bearsFiles,
  createFileLinks,
  type FileLinkSettings,
  type FileLinks,
  type FileVariant,
  fileLinkSettings,
  filePath,
  withoutLinks,
} from './signed-file-links.ts';
export {
  type Anonymous,
  type Caller,
  hasIdentity,
  type Identity,
  identityHeaders,
  isCaller,
  REFUSED_HEADER,
  type Role,
  verifyIdentity,
} from './signed-identity.ts';
export {
  type AccessClaims,
  type AccessSettings,
  type AccessVerifier,
  createAccessVerifier,
  TOKEN_AUDIENCE,
  TOKEN_ISSUER,
} from './verify-access-token.ts';
export {
  type Credentials,
  createCredentials,
  credentialHash,
  type Grant,
  type Person,
  type PersonName,
  requireActive,
} from './verify-credential.ts';
