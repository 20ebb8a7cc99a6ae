// The keys of the services of a local cluster, as settings, also for commands outside of it.
import { createServiceKeys, publicKeyOf, SERVICES, type ServiceKeys, type ServiceName } from '@chatapi/kit/auth';
import { type Secrets, secretsOf } from './data-dir.ts';

export interface KeySettings {
  SERVICE_KEY: string;
  SERVICE_PUBLIC_KEYS: string;
}

export const keySettings = ({ services }: Secrets, service: ServiceName): KeySettings => ({
  SERVICE_KEY: services[service],
  SERVICE_PUBLIC_KEYS: SERVICES.map((name) => `${name}=${publicKeyOf(services[name])}`).join(','),
});

/** @param dataDir of a cluster that was started. */
export const keySettingsIn = (dataDir: string, service: ServiceName): KeySettings =>
  keySettings(secretsOf(dataDir), service);

/** The keys with which `service` signs there. */
export function serviceKeysIn(dataDir: string, service: ServiceName): ServiceKeys {
  const { services } = secretsOf(dataDir);
  return createServiceKeys(service, {
    SERVICE_KEY: services[service],
    SERVICE_PUBLIC_KEYS: SERVICES.map((name) => [name, publicKeyOf(services[name])]),
  });
}
