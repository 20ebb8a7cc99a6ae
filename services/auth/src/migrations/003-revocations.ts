import type { Migration } from '@chatapi/kit/data';

export const revocations: Migration = {
  name: '003-revocations',
  async up(db) {
    await db.raw(`
      create table revocations (
        seq bigint generated always as identity primary key,
        kind text not null check (kind in ('session', 'user', 'ban', 'unban', 'role')),
        subject text not null,
        at timestamptz not null,
        role text,
        except_session text
      );
      create index revocations_age on revocations (at);
    `);
  },
};
