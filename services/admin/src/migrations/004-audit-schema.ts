import type { Migration } from '@chatapi/kit/data';

export const auditSchemaMigration: Migration = {
  name: '004-audit-schema',
  async up(db) {
    await db.raw(`
      -- The service owned these tables, so it could have dropped the triggers. It does not own
      -- those of the schema audit, which provisioning creates.
      insert into audit.intents select id, action, actor_id, target_id, details, ip, request_id, created_at from audit_intents
        on conflict do nothing;
      insert into audit.outcomes select audit_id, outcome, error, created_at from audit_outcomes on conflict do nothing;
      drop table audit_outcomes, audit_intents;
      drop function audit_is_append_only();

      -- The user whom the report is about.
      alter table reports add column about_user_id text;
      update reports set about_user_id = target_id where target_type = 'user';
      create index reports_about on reports (about_user_id);
    `);
  },
};
