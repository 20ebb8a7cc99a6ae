import type { Migration } from '@chatapi/kit/data';

export const auditMigration: Migration = {
  name: '002-audit',
  async up(db) {
    await db.raw(`
      -- Written before the action.
      create table audit_intents (
        id text primary key,
        action text not null,
        actor_id text not null,
        target_id text not null,
        details jsonb not null,
        ip text not null,
        request_id text not null,
        created_at timestamptz not null default now()
      );
      create index audit_by_actor on audit_intents (actor_id, id desc);
      create index audit_by_target on audit_intents (target_id, id desc);
      create index audit_by_action on audit_intents (action, id desc);

      -- Written after the action, once.
      create table audit_outcomes (
        audit_id text primary key references audit_intents (id),
        outcome text not null check (outcome in ('done', 'refused', 'unknown')),
        error text,
        created_at timestamptz not null default now()
      );

      create function audit_is_append_only() returns trigger language plpgsql as $$
      begin
        raise exception 'the audit log is append-only' using errcode = 'insufficient_privilege';
      end $$;
      create trigger append_only before update or delete on audit_intents for each row execute function audit_is_append_only();
      create trigger never_truncated before truncate on audit_intents execute function audit_is_append_only();
      create trigger append_only before update or delete on audit_outcomes for each row execute function audit_is_append_only();
      create trigger never_truncated before truncate on audit_outcomes execute function audit_is_append_only();
    `);
  },
};
