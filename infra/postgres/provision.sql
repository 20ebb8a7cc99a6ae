-- A role and a schema for each service that keeps data; none sees another's. Run as often as you like, by a superuser
-- (or a role that may create roles), on PostgreSQL 15 or newer. The roles' password comes as a setting of the session:
--   PGOPTIONS='-c chatapi.role_password=…' psql -f provision.sql
do $$
declare
  pair text[];
  pairs text[][] := array[
    ['chatapi_auth', 'auth'], ['chatapi_user', 'users'], ['chatapi_message', 'messages'],
    ['chatapi_file', 'files'], ['chatapi_admin', 'admin']];
  password text := current_setting('chatapi.role_password');
begin
  if length(password) < 12 then
    raise exception 'chatapi.role_password must have at least 12 characters';
  end if;
  perform pg_advisory_xact_lock(hashtext('chatapi provision'));
  foreach pair slice 1 in array pairs loop
    if not exists (select from pg_roles where rolname = pair[1]) then
      execute format('create role %I login', pair[1]);
    end if;
    execute format('alter role %I with login password %L', pair[1], password);
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
