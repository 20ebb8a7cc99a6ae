-- A role and a schema for each service with data, without access to the others', and the audit log.
-- Repeatable. Run by a superuser (or a role that may create roles) on PostgreSQL 15 or newer. The
-- password of each role is a session setting such as chatapi.auth_password: see passwords.sql.
do $$
declare
  pair text[];
  pairs text[][] := array[
    ['chatapi_auth', 'auth'], ['chatapi_user', 'users'], ['chatapi_message', 'messages'],
    ['chatapi_file', 'files'], ['chatapi_admin', 'admin'],
    ['chatapi_integration', 'integration']];
  setting text;
begin
  perform pg_advisory_xact_lock(hashtext('chatapi provision'));
  foreach pair slice 1 in array pairs loop
    setting := replace(pair[1], '_', '.') || '_password';
    if length(current_setting(setting)) < 12 then
      raise exception '% must have at least 12 characters', setting;
    end if;
    if not exists (select from pg_roles where rolname = pair[1]) then
      execute format('create role %I login', pair[1]);
    end if;
    execute format('alter role %I with login password %L', pair[1], current_setting(setting));
    execute format('alter role %I set search_path = %I', pair[1], pair[2]);
    execute format('grant %I to current_user', pair[1]);
    execute format('create schema if not exists %I authorization %I', pair[2], pair[1]);
    execute format('revoke all on schema %I from public', pair[2]);
  end loop;
  execute 'revoke create on schema public from public';
  execute format('revoke all on database %I from public', current_database());
  foreach pair slice 1 in array pairs loop
    execute format('grant connect, temporary on database %I to %I', current_database(), pair[1]);
  end loop;
end
$$;

-- The audit log belongs to a role without login: the admin service may read and insert, and can
-- neither change nor drop it.
do $$
begin
  if not exists (select from pg_roles where rolname = 'chatapi_audit') then
    create role chatapi_audit nologin;
  end if;
  execute 'grant chatapi_audit to current_user';
  execute 'create schema if not exists audit authorization chatapi_audit';
end
$$;
set role chatapi_audit;
revoke all on schema audit from public;
grant usage on schema audit to chatapi_admin;

-- Inserted before the action.
create table if not exists audit.intents (
  id text primary key,
  action text not null,
  actor_id text not null,
  target_id text not null,
  details jsonb not null,
  ip text not null,
  request_id text not null,
  created_at timestamptz not null default now()
);
create index if not exists audit_by_actor on audit.intents (actor_id, id desc);
create index if not exists audit_by_target on audit.intents (target_id, id desc);
create index if not exists audit_by_action on audit.intents (action, id desc);
create index if not exists audit_by_time on audit.intents (created_at);
create index if not exists audit_by_person on audit.intents ((details->>'about_user_id')) where details ? 'about_user_id';

-- Inserted after it, once.
create table if not exists audit.outcomes (
  audit_id text primary key references audit.intents (id),
  outcome text not null check (outcome in ('done', 'refused', 'unknown')),
  error text,
  created_at timestamptz not null default now()
);
create index if not exists audit_outcomes_by_time on audit.outcomes (created_at);
grant select, insert on audit.intents, audit.outcomes to chatapi_admin;

-- Written by auth in the transaction of an erasure. Only then may texts be removed from the log.
create table if not exists audit.erasures (
  user_id text primary key,
  erased_at timestamptz not null default now()
);
grant usage on schema audit to chatapi_auth;
grant insert on audit.erasures to chatapi_auth;

-- Whoever inserts an entry can't choose its time.
create or replace function audit.set_time() returns trigger language plpgsql as $$
begin
  new.created_at := clock_timestamp();
  return new;
end
$$;
create or replace trigger set_time before insert on audit.intents for each row execute function audit.set_time();
create or replace trigger set_time before insert on audit.outcomes for each row execute function audit.set_time();

-- For roles that grants do not restrict. The only allowed change removes texts and addresses.
create or replace function audit.append_only() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and current_setting('audit.forgetting', true) = 'on'
    and to_jsonb(new) - array['details', 'ip'] = to_jsonb(old) - array['details', 'ip'] then
    return new;
  end if;
  raise exception 'the audit log is append-only' using errcode = 'insufficient_privilege';
end
$$;
create or replace trigger append_only before update or delete on audit.intents
  for each row execute function audit.append_only();
create or replace trigger never_truncated before truncate on audit.intents execute function audit.append_only();
create or replace trigger append_only before update or delete on audit.outcomes
  for each row execute function audit.append_only();
create or replace trigger never_truncated before truncate on audit.outcomes execute function audit.append_only();

-- Removes free text and IP addresses from the entries by and about an erased user; who did what to
-- whom, when, and the outcome stay. Handles a limited number of entries and returns it. Fails unless
-- auth erased the account, so that admin's role can blank no other entries.
create or replace function audit.forget_words(person text, most int) returns bigint
language plpgsql security definer set search_path = audit, pg_temp as $$
declare
  forgotten bigint;
begin
  if not exists (select from erasures where user_id = person) then
    raise exception 'no erasure of % is on record', person using errcode = 'insufficient_privilege';
  end if;
  perform set_config('audit.forgetting', 'on', true);
  update intents set
    ip = case when actor_id = person then '' else ip end,
    details = (
      select coalesce(jsonb_object_agg(key, case when key in ('reason', 'note', 'text') then 'null' else value end), '{}')
      from jsonb_each(details))
  where id in (
    select id from intents
    where (actor_id = person or target_id = person or (details ? 'about_user_id' and details->>'about_user_id' = person))
      and (coalesce(details->>'reason', details->>'note', details->>'text') is not null or (actor_id = person and ip <> ''))
    limit most);
  get diagnostics forgotten = row_count;
  perform set_config('audit.forgetting', '', true);
  return forgotten;
end
$$;
revoke all on function audit.forget_words(text, int) from public;
grant execute on function audit.forget_words(text, int) to chatapi_admin;
reset role;
