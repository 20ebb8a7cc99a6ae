import { factsMigrations } from '@chatapi/bus';
import type { Schema } from '@chatapi/kit/data';
import { logMigration } from './001-log.ts';
import { moderationMigration } from './002-moderation.ts';
import { erasureMigration } from './003-erasure.ts';
import { clientKeyMigration } from './004-client-key.ts';
import { countedLaterMigration } from './005-counted-later.ts';
import { searchColumnsMigration } from './006-search-columns.ts';
import { searchIndexesMigration } from './007-search-indexes.ts';
import { roomLifeMigration } from './010-room-life.ts';
import { reactionKeysMigration } from './011-reaction-keys.ts';
import { oldReactionsMigration } from './012-old-reactions.ts';
import { partitionLock } from './013-partition-lock.ts';
import { messageKeys } from './014-message-keys.ts';
import { ownUsersMigration } from './015-own-users.ts';
import { admissions } from './016-admissions.ts';
import { avatars } from './017-avatars.ts';
import { followers } from './020-followers.ts';
import { beforeMessage } from './023-before-message.ts';
import { streamBases } from './028-stream-bases.ts';
import { messageCustom } from './029-message-custom.ts';

export const schema: Schema = {
  name: 'messages',
  migrations: [
    ...factsMigrations,
    logMigration,
    moderationMigration,
    erasureMigration,
    clientKeyMigration,
    countedLaterMigration,
    searchColumnsMigration,
    searchIndexesMigration,
    roomLifeMigration,
    reactionKeysMigration,
    oldReactionsMigration,
    partitionLock,
    messageKeys,
    ownUsersMigration,
    admissions,
    avatars,
    followers,
    beforeMessage,
    streamBases,
    messageCustom,
  ],
};
