// Signed identities as the gateways pass them inward, under a secret that only tests use.
import {
  type Anonymous,
  type Caller,
  IDENTITY_HEADER,
  type Identity,
  identityKey,
  type Role,
  type ServiceIdentity,
  signIdentity,
} from '../auth/signed-identity.ts';

export const TEST_SECRET = 'only-for-tests-0123456789-abcdefghij';
export const TEST_KEY = identityKey(TEST_SECRET);

const IP = '192.0.2.1';

export const userIdentity = (user_id: string, role: Role = 'user', session_id = 'ses_1'): Caller => ({
  kind: 'user',
  user_id,
  session_id,
  role,
  ip: IP,
});
export const anonymousIdentity = (ip = IP): Anonymous => ({ kind: 'anonymous', ip });
export const serviceIdentity = (service = 'test'): ServiceIdentity => ({ kind: 'service', service });

/** For supertest's `.set(…)`. */
export const identityHeader = (identity: Identity): Record<string, string> => ({
  [IDENTITY_HEADER]: signIdentity(TEST_KEY, identity),
});
