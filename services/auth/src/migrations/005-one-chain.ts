import { createIndex, type Migration } from '@chatapi/kit/data';

/** Instances of the previous release write no key: it is made at a token's first exchange. */
export const oneChain: Migration = {
  name: '005-one-chain',
  async online(db) {
    await createIndex(db, 'refresh_tokens_unspent', 'on refresh_tokens (session_id) where not spent');
    await createIndex(db, 'sessions_created', 'on sessions (created_at)');
  },
  async up(db) {
    await db.raw(`
      alter table refresh_tokens add column successor_key bytea;
      comment on column refresh_tokens.successor_key is 'HMAC key: with the token itself it gives the one successor';
      comment on column refresh_tokens.spent is 'another token of the session was used since: whoever comes with it now has stolen it';
    `);
  },
};
