// Creates database, roles and schemas before services start, with the SQL file that compose and
// Kubernetes use.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectWithPatience, DATABASE } from './postgres.ts';
import { REPO } from './settings.ts';

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

/** Password of each role. */
export type RolePasswords = Record<string, string>;

/** For `set_config`, as passwords.sql does it for psql. */
const settingOf = (role: string): string => `${role.replace('_', '.')}_password`;

export async function provision(url: string, passwords: RolePasswords): Promise<void> {
  const client = await connectWithPatience(url, 15_000);
  try {
    for (const [role, password] of Object.entries(passwords))
      await client.query('select set_config($1, $2, false)', [settingOf(role), password]);
    await client.query(readFileSync(PROVISION, 'utf8'));
  } finally {
    await client.end();
  }
}

/** URL of the same database with a service's own role. */
export function roleUrl(url: string, role: string, passwords: RolePasswords): string {
  const own = new URL(url);
  own.username = role;
  own.password = passwords[role] as string;
  return own.href;
}
