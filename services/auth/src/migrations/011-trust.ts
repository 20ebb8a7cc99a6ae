import type { Migration } from '@chatapi/kit/data';

export const trust: Migration = {
  name: '011-trust',
  async up(db) {
    await db.raw(`
      -- Locks of logins, since an unknown name has no row to lock: addresses below 256, accounts
      -- above. Rows, because any role of the database may hold any advisory lock.
      create table login_gates (gate int primary key);
      insert into login_gates select generate_series(0, 511);

      -- Only for erased accounts may texts be removed from the audit log. A trigger, so that the
      -- version before does it too.
      create function record_erasure() returns trigger language plpgsql as $$
      begin
        if to_regclass('audit.erasures') is not null then
          insert into audit.erasures (user_id) values (new.payload ->> 'user_id') on conflict do nothing;
        end if;
        return new;
      end
      $$;
      create trigger record_erasure after insert on outbox
        for each row when (new.name = 'account.erased') execute function record_erasure();
    `);
    await db.raw(`
      do $$
      begin
        if to_regclass('audit.erasures') is not null then
          insert into audit.erasures (user_id) select payload ->> 'user_id' from outbox where name = 'account.erased'
            on conflict do nothing;
        end if;
      end
      $$`);
  },
};
