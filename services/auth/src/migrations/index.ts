import { factsMigrations } from '@chatapi/bus';
import type { Schema } from '@chatapi/kit/data';
import { accounts } from './001-accounts.ts';
import { loginLimits } from './002-login-limits.ts';
import { revocations } from './003-revocations.ts';
import { madeAdmins } from './004-made-admins.ts';
import { oneChain } from './005-one-chain.ts';
import { loginAddress } from './006-login-address.ts';
import { loginAddressIndex } from './007-login-address-index.ts';
import { blockedNames } from './008-blocked-names.ts';
import { revocationSubject } from './009-revocation-subject.ts';
import { knownDevices } from './010-known-devices.ts';
import { trust } from './011-trust.ts';
import { ownUsers, ownUsersIndexes } from './012-own-users.ts';
import { credentials } from './013-credentials.ts';
import { issuers } from './014-issuers.ts';
import { invites } from './015-invites.ts';
import { mail } from './016-mail.ts';
import { verifiedEmail } from './017-verified-email.ts';
import { bots } from './018-bots.ts';
import { accountLists } from './019-account-lists.ts';

export const schema: Schema = {
  name: 'auth',
  migrations: [
    ...factsMigrations,
    accounts,
    loginLimits,
    revocations,
    madeAdmins,
    oneChain,
    loginAddress,
    loginAddressIndex,
    blockedNames,
    revocationSubject,
    knownDevices,
    trust,
    ownUsers,
    ownUsersIndexes,
    credentials,
    issuers,
    invites,
    mail,
    verifiedEmail,
    bots,
    accountLists,
  ],
};
