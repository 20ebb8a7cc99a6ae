import { factsMigration } from '@chatapi/bus';
import type { Migration } from '@chatapi/kit';
import { accounts } from './001-accounts.ts';
import { loginLimits } from './002-login-limits.ts';
import { revocations } from './003-revocations.ts';
import { madeAdmins } from './004-made-admins.ts';

export const migrations: Migration[] = [factsMigration, accounts, loginLimits, revocations, madeAdmins];
