// The first admin of a new cluster: from the settings, else `admin` with a generated password. The
// password is stored (mode 600) until it has been shown, so that an aborted first start does not
// show a different one later.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from './settings.ts';

export interface AdminAccount {
  username: string;
  email: string;
  password: string;
}

const settledFile = (dataDir: string): string => join(dataDir, 'admin-created');
const pendingFile = (dataDir: string): string => join(dataDir, 'admin-pending');

function pendingPassword(dataDir: string): string {
  const file = pendingFile(dataDir);
  if (!existsSync(file)) writeFileSync(file, randomBytes(12).toString('base64url'), { mode: 0o600 });
  return readFileSync(file, 'utf8');
}

/** `shown` is set only for a generated password. */
export function firstAdmin({ env, dataDir }: Settings): { account?: AdminAccount; shown?: AdminAccount } {
  const { ADMIN_USERNAME, ADMIN_EMAIL, ADMIN_PASSWORD } = env;
  const username = ADMIN_USERNAME || 'admin';
  const email = ADMIN_EMAIL || `${username}@example.com`;
  if (ADMIN_PASSWORD) return { account: { username, email, password: ADMIN_PASSWORD } };
  if (existsSync(settledFile(dataDir))) return {};
  const account = { username, email, password: pendingPassword(dataDir) };
  return { account, shown: account };
}

export function adminSettled(dataDir: string): void {
  writeFileSync(settledFile(dataDir), '');
  rmSync(pendingFile(dataDir), { force: true });
}
