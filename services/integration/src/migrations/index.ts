import { factsMigrations, followerMigrations } from '@chatapi/bus';
import type { Schema } from '@chatapi/kit/data';
import { webhooksMigration } from './001-webhooks.ts';
import { incomingWebhooksMigration } from './002-incoming-webhooks.ts';
import { beforeMessageMigration } from './003-before-message.ts';

export const schema: Schema = {
  name: 'integration',
  migrations: [
    ...factsMigrations,
    ...followerMigrations,
    webhooksMigration,
    incomingWebhooksMigration,
    beforeMessageMigration,
  ],
};
