// Keys of all services and signed identities, as in a cluster. Made for each test process.
import { randomBytes } from 'node:crypto';
import type { Scope } from '../auth/scopes.ts';
import { createServiceKeys, publicKeyOf, SERVICES, type ServiceKeys, type ServiceName } from '../auth/service-keys.ts';
import {
  type Anonymous,
  type Caller,
  type Identity,
  identityHeaders,
  type Role,
  type ServiceIdentity,
} from '../auth/signed-identity.ts';
import type { Guarded } from '../route-access.ts';

const privateKeys = Object.fromEntries(
  SERVICES.map((service) => [service, randomBytes(32).toString('base64')]),
) as Record<ServiceName, string>;
const publicKeys = SERVICES.map((service) => `${service}=${publicKeyOf(privateKeys[service])}`).join(',');

/** SERVICE_KEY and SERVICE_PUBLIC_KEYS as in the environment. */
export const keySettings = (service: ServiceName): { SERVICE_KEY: string; SERVICE_PUBLIC_KEYS: string } => ({
  SERVICE_KEY: privateKeys[service],
  SERVICE_PUBLIC_KEYS: publicKeys,
});

const made = new Map<ServiceName, ServiceKeys>();

export function testKeys(service: ServiceName): ServiceKeys {
  const keys =
    made.get(service) ??
    createServiceKeys(service, {
      SERVICE_KEY: privateKeys[service],
      SERVICE_PUBLIC_KEYS: SERVICES.map((name) => [name, publicKeyOf(privateKeys[name])]),
    });
  made.set(service, keys);
  return keys;
}

const IP = '192.0.2.1';

export const userIdentity = (user_id: string, role: Role = 'user', session_id = 'ses_1'): Caller => ({
  kind: 'user',
  user_id,
  session_id,
  role,
  ip: IP,
});
/** An application key. */
export const keyIdentity = (...scopes: Scope[]): Caller => ({
  kind: 'key',
  user_id: 'key_application',
  session_id: 'key_application',
  role: 'user',
  scopes,
  ip: IP,
});
export const anonymousIdentity = (ip = IP): Anonymous => ({ kind: 'anonymous', ip });
export const serviceIdentity = (service: ServiceName): ServiceIdentity => ({ kind: 'service', service });

/** For supertest's `.set(…)`: as the gateway, or a service itself, calls `service`. */
export const identityHeader = (service: ServiceName, identity: Identity): Record<string, string> =>
  identityHeaders(testKeys(identity.kind === 'service' ? identity.service : 'api-gateway'), service, identity);

/** A service that the route names; for a path without a route, some service. */
export function callerOf(routes: Guarded[], method: string, path: string): ServiceName {
  const [plain = ''] = path.split('?', 1);
  const matches = (pattern: string): boolean => new RegExp(`^${pattern.replace(/:\w+/g, '[^/]+')}$`).test(plain);
  const found = routes.find((r) => r.method === method && matches(r.path));
  return typeof found?.who === 'object' ? (found.who[0] as ServiceName) : 'admin';
}
