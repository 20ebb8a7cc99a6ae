import { factsMigrations, followerMigrations } from '@chatapi/bus';
import type { Schema } from '@chatapi/kit/data';
import { webhooksMigration } from './001-webhooks.ts';

export const schema: Schema = {
  name: 'integration',
  migrations: [...factsMigrations, ...followerMigrations, webhooksMigration],
};
