// Creates database, roles and schemas before services start, with the SQL file that compose and
// Kubernetes use.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectWithPatience, DATABASE } from './postgres.ts';
import { REPO, type ServiceDir } from './settings.ts';

export const ROLES: Partial<Record<ServiceDir, string>> = {
  auth: 'chatapi_auth',
  user: 'chatapi_user',
  message: 'chatapi_message',
  file: 'chatapi_file',
  admin: 'chatapi_admin',
};

const PROVISION = join(REPO, 'infra', 'postgres', 'provision.sql');

/** Creates `database` on the server of `serverUrl` if it does not exist. */
export async function createDatabase(serverUrl: string, database = DATABASE): Promise<void> {
  const client = await connectWithPatience(serverUrl, 15_000);
  try {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [database]);
    if (rowCount === 0) await client.query(`create database "${database}"`);
  } finally {
    await client.end();
  }
}

export async function provision(url: string, rolePassword: string): Promise<void> {
  const client = await connectWithPatience(url, 15_000, `-c chatapi.role_password=${rolePassword}`);
  try {
    await client.query(readFileSync(PROVISION, 'utf8'));
  } finally {
    await client.end();
  }
}

/** URL of the same database with a service's own role. */
export function roleUrl(url: string, role: string, password: string): string {
  const own = new URL(url);
  own.username = role;
  own.password = password;
  return own.href;
}
