import type { Migration } from '@chatapi/kit/data';

/** `*_key` is the NFKC form in lower case: names with equal keys are the same name. */
export const accounts: Migration = {
  name: '001-accounts',
  async up(db) {
    await db.raw(`
      create table accounts (
        user_id text primary key,
        username text not null,
        username_key text not null constraint accounts_username_taken unique,
        email text not null,
        email_key text not null constraint accounts_email_taken unique,
        password_hash text not null,
        display_name text not null,
        role text not null default 'user' check (role in ('user', 'moderator', 'admin')),
        status text not null default 'active' check (status in ('active', 'banned')),
        ban_reason text,
        banned_until timestamptz,
        seen_at timestamptz,
        created_at timestamptz not null,
        updated_at timestamptz not null
      );
      create index accounts_ban_ends on accounts (banned_until) where status = 'banned' and banned_until is not null;
      create index accounts_not_users on accounts (role) where role <> 'user';

      create table sessions (
        session_id text primary key,
        user_id text not null references accounts on delete cascade,
        created_at timestamptz not null,
        last_used_at timestamptz not null,
        ended_at timestamptz,
        ip text not null,
        user_agent text not null
      );
      create index sessions_live on sessions (user_id, session_id desc) where ended_at is null;
      create index sessions_age on sessions (last_used_at);

      create table refresh_tokens (
        token_hash bytea primary key,
        parent_hash bytea,
        session_id text not null references sessions on delete cascade,
        used_at timestamptz,
        spent boolean not null default false,
        expires_at timestamptz not null
      );
      comment on column refresh_tokens.spent is 'a successor of this token has been used: whoever comes with it now has stolen it';
      create index refresh_tokens_session on refresh_tokens (session_id);
      create index refresh_tokens_age on refresh_tokens (expires_at);
    `);
  },
};
