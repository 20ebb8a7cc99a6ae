// Owns: which files decide who is let in as whom. Their tests reach every line and every branch; `npm test` fails otherwise.

export const AUTH_FLOWS = [
  'services/auth/src/**',
  'packages/kit/src/access.ts',
  'packages/kit/src/identity.ts',
  'packages/kit/src/limiter.ts',
  'packages/kit/src/revocations.ts',
  'services/api-gateway/src/address.ts',
  'services/api-gateway/src/caller.ts',
  'services/api-gateway/src/limits.ts',
];
