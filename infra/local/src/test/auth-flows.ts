// The files that authenticate and authorise. Their unit tests must cover every line and branch.

export const AUTH_FLOWS = [
  'services/auth/src/**',
  'packages/kit/src/auth/verify-access-token.ts',
  'packages/kit/src/auth/signed-identity.ts',
  'packages/kit/src/auth/rate-limiter.ts',
  'packages/kit/src/auth/revocations.ts',
  'services/api-gateway/src/client-address.ts',
  'services/api-gateway/src/caller.ts',
  'services/api-gateway/src/rate-limits.ts',
];
