import type { Migration } from '@chatapi/kit/data';

export const followers: Migration = {
  name: '020-followers',
  async up(db) {
    await db.raw(`
      create table followers (
        service text primary key,
        until timestamptz not null
      );
      comment on table followers is 'services that follow the log, under a lease: others are told nothing';

      create table log_epoch (
        one boolean primary key default true check (one),
        epoch text not null
      );
      comment on table log_epoch is 'tells apart equal seqs of logs from before and after a restore';
      insert into log_epoch (epoch) values (replace(gen_random_uuid()::text, '-', ''));

      -- Whether followers were told the heads of the commit, before the row could be published.
      alter table unpublished add column told boolean not null default false;
    `);
  },
};
