import type { Migration } from '@chatapi/kit/data';

export const beforeMessage: Migration = {
  name: '023-before-message',
  async up(db) {
    await db.raw(`
      create table before_message_hook (
        one boolean primary key default true check (one),
        revision bigint not null,
        hook jsonb
      );
      comment on table before_message_hook is
        'a copy of what integration has: a message is not taken unasked while integration is away';
      insert into before_message_hook (revision, hook) values (0, null);
    `);
  },
};
