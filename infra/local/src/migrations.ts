// Migrates the schemas of all services before they start, with each service's own role.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createLog } from '@chatapi/kit';
import { migrate, type Schema } from '@chatapi/kit/data';
import { ROLES } from './data-dir.ts';
import { type RolePasswords, roleUrl } from './provision.ts';
import { checkoutOf, REPO } from './settings.ts';

/** Imported by path, since no service is a dependency of the runner. */
async function schemaOf(root: string, service: string, compiled: boolean): Promise<Schema> {
  const file = compiled ? ['dist', 'migrations', 'index.js'] : ['src', 'migrations', 'index.ts'];
  const module = await import(pathToFileURL(join(checkoutOf(root, service), 'services', service, ...file)).href);
  return (module as { schema: Schema }).schema;
}

/**
 * @param postgresUrl URL of the superuser.
 * @param passwords passwords of the services' roles.
 * @param root root of the checkout.
 */
export async function migrateAll(
  postgresUrl: string,
  passwords: RolePasswords,
  compiled: boolean,
  root = REPO,
): Promise<void> {
  const one = async ([service, role]: [string, string]): Promise<void> => {
    const settings = { DATABASE_URL: roleUrl(postgresUrl, role, passwords), DATABASE_POOL: 2 };
    await migrate(settings, await schemaOf(root, service, compiled), createLog(service, 'migrate', 'warn'));
  };
  await Promise.all(Object.entries(ROLES).map(one));
}
