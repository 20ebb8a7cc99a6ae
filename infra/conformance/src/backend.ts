// A backend with an application key and the client of the SDK under test.
import { adminWith, unique } from './accounts.ts';
import type { Harness } from './run-scenario.ts';

export type Backend = (command: string, args?: object) => Promise<any>;

/**
 * @param scopes of its key.
 * @param url such as that of a network.
 */
export async function backendOf(
  harness: Harness,
  scopes: string[],
  url: string = harness.cluster.url,
): Promise<Backend> {
  const admin = await adminWith(harness.driver, harness.cluster.url);
  const { key } = await admin.call('create_key', { name: unique('key'), scopes });
  const server = unique('server');
  await harness.driver.call('serve', { server, base_url: url, key });
  return (command, args = {}) => harness.driver.call(command, { server, ...args });
}
