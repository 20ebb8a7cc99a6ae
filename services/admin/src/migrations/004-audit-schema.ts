import type { Migration } from '@chatapi/kit';

export const auditSchemaMigration: Migration = {
  name: '004-audit-schema',
  async up(db) {
    await db.raw(`
      -- As the owner of these tables the service could have undone what kept them append-only: those of the schema audit, which
      -- provisioning makes, are not its own.
      insert into audit.intents select id, action, actor_id, target_id, details, ip, request_id, created_at from audit_intents
        on conflict do nothing;
      insert into audit.outcomes select audit_id, outcome, error, created_at from audit_outcomes on conflict do nothing;
      drop table audit_outcomes, audit_intents;
      drop function audit_is_append_only();

      -- The person behind what was reported.
      alter table reports add column about_user_id text;
      update reports set about_user_id = target_id where target_type = 'user';
      create index reports_about on reports (about_user_id);
    `);
  },
};
