import type { Migration } from '@chatapi/kit/data';

export const scanMigration: Migration = {
  name: '002-scan',
  async up(db) {
    await db.raw(`
      -- off: uploaded without a scanner. pending: in quarantine. infected: the bytes are removed,
      -- the row tells its uploader why.
      alter table files
        add column scan_status text not null default 'off' check (scan_status in ('off', 'pending', 'clean', 'infected')),
        add column scan_result text;
      create index files_in_quarantine on files (id) where scan_status = 'pending' and deleted_at is null;
    `);
  },
};
