/** The hand-written chat's table, created before its processes start. */
export const TABLE = `
create table messages (id bigserial primary key, room text not null, sender_id text not null, content text not null,
  created_at timestamptz not null default now());
create index messages_room on messages (room, id)`;
