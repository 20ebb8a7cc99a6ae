import type { Migration } from '@chatapi/kit/data';

export const issuers: Migration = {
  name: '014-issuers',
  async up(db) {
    await db.raw(`
      create table issuers (
        id text primary key,
        issuer text not null,
        audience text not null,
        jwks_url text,
        public_keys jsonb,
        sealed_secret bytea,
        user_claim text not null,
        create_users boolean not null,
        claims jsonb not null,
        created_at timestamptz not null default clock_timestamp(),
        jwks text,
        jwks_fetched_at timestamptz,
        check (num_nonnulls(jwks_url, public_keys, sealed_secret) = 1)
      );
      comment on table issuers is 'whose tokens may be exchanged for a session';
      comment on column issuers.sealed_secret is 'encrypted with SEALING_KEY';
      comment on column issuers.jwks is 'what jwks_url answered at jwks_fetched_at, for an instance that starts';
      -- A hash, since an issuer is named by whoever sends a token, at any length.
      create index issuers_issuer on issuers using hash (issuer);
    `);
  },
};
