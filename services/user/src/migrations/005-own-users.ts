import type { Migration } from '@chatapi/kit/data';

export const ownUsers: Migration = {
  name: '005-own-users',
  async up(db) {
    await db.raw(`
      -- Applications' own users may have no email.
      alter table profiles alter column email drop not null,
        add column kind text not null default 'user',
        add column external_id text,
        -- Not jsonb: it comes back as it was sent. Null: {}.
        add column custom json,
        -- The last change by the application, as auth numbers them.
        add column app_version bigint not null default 0;
    `);
  },
};
