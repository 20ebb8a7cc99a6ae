import type { Migration } from '@chatapi/kit/data';

/** Beside the messages, since a column would cost every send. */
export const messageKeys: Migration = {
  name: '014-message-keys',
  async up(db) {
    await db.raw(`
      create table message_keys (
        room_id text not null,
        seq bigint not null,
        key_id text not null,
        primary key (room_id, seq)
      );
      comment on table message_keys is 'application keys that sent messages as their senders';
    `);
  },
};
