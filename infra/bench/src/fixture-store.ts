// Test data written directly into the product's tables, as the services would have written it,
// because the API would take hours. Never used while something is measured.
import pg from 'pg';

const ROWS_AT_ONCE = 100_000;

export type Owner = pg.Client;

export async function openOwner(postgresUrl: string): Promise<Owner> {
  const client = new pg.Client({ connectionString: postgresUrl });
  await client.connect();
  return client;
}

const MESSAGES = `
with base as (
  update messages.rooms set last_seq = last_seq + $2, message_count = message_count + $2, last_message_seq = last_seq + $2
  where id = $1 returning last_seq - $2 seq
), made as (
  select b.seq + i seq, 'msg_' || replace(uuidv7()::text, '-', '') id, 'message ' || i || ' of a long room, as people write them' content
  from base b, generate_series(1, $2::int) i
), kept as (
  insert into messages.messages (room_id, seq, id, sender_id, content, message_type, attachments, mentions, search, search_version, created_at, updated_at)
  select $1, seq, id, $3, content, 'text', '[]', '{}', array_to_tsvector(string_to_array(replace(content, ',', ''), ' ')), 1, now(), now() from made
)
insert into messages.room_events (room_id, seq, created_at, sender, message_id, frame)
select $1, seq, now(), $3, id, json_build_object('type', 'message', 'id', id, 'chat_id', $1::text, 'seq', seq, 'sender_id', $3::text,
  'content', content, 'message_type', 'text', 'attachments', '[]'::json, 'created_at', now())::text from made`;

const SENT = `
insert into messages.room_senders as s (room_id, user_id, sent) values ($1, $3, $2)
on conflict (room_id, user_id) do update set sent = s.sent + excluded.sent`;

/** As after a quiet night; otherwise the first workloads would pay for it. */
export async function settle(owner: Owner): Promise<void> {
  await owner.query('vacuum analyze');
  await owner.query('checkpoint');
}

/** Adds `count` messages of `sender` to an existing room. */
export async function addMessages(owner: Owner, room: string, sender: string, count: number): Promise<void> {
  for (let left = count; left > 0; left -= ROWS_AT_ONCE) {
    const rows = Math.min(left, ROWS_AT_ONCE);
    await owner.query(MESSAGES, [room, rows, sender]);
    await owner.query(SENT, [room, rows, sender]);
  }
  await settle(owner);
}

// Frames as JSON.stringify writes them: followers read the type from their beginning.
const EVENTS = `
with base as (
  update messages.rooms set last_seq = last_seq + $2 where id = $1 returning last_seq - $2 seq
)
insert into messages.room_events (room_id, seq, created_at, sender, message_id, frame)
select $1, seq + i, now(), $3, 'msg_fixture' || i, format(
  '{"type":"message","id":"msg_fixture%s","chat_id":%s,"seq":%s,"sender_id":%s,"content":"message %s of a backlog",' ||
  '"message_type":"text","attachments":[],"created_at":"%s"}', i, to_json($1::text), seq + i, to_json($3::text), i,
  to_char(now() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
from base, generate_series(1, $2::int) i`;

/** Adds `count` events to the log of an existing room, without messages. */
export async function addEvents(owner: Owner, room: string, sender: string, count: number): Promise<void> {
  for (let left = count; left > 0; left -= ROWS_AT_ONCE)
    await owner.query(EVENTS, [room, Math.min(left, ROWS_AT_ONCE), sender]);
}

/** Rows of positions of followers, and bytes of all tables of their service. */
export async function followerSize(owner: Owner): Promise<{ positions: number; bytes: number }> {
  const { rows } = await owner.query<{ positions: number; bytes: number }>(
    `select (select count(*)::int from integration.follower_positions) positions,
       (select sum(pg_total_relation_size(c.oid))::float8 from pg_class c
        where c.relnamespace = 'integration'::regnamespace and c.relkind = 'r') bytes`,
  );
  return rows[0] as { positions: number; bytes: number };
}

// The same as membersOf.
const ROOMS = `
with made as (
  insert into messages.rooms (id, kind, member_count) select $1 || i, 'private', 2 from generate_series($2::int, $3::int - 1) i
)
insert into messages.room_members (room_id, user_id, role)
select $1 || i, ($4::text[])[(2 * i) % cardinality($4::text[]) + 1], 'owner' from generate_series($2::int, $3::int - 1) i
union all select $1 || i, ($4::text[])[(2 * i + 1) % cardinality($4::text[]) + 1], 'member' from generate_series($2::int, $3::int - 1) i`;

/** Adds rooms `from` to `to` (exclusive) of a series, with two of the people in each. */
export async function addRooms(
  owner: Owner,
  prefix: string,
  from: number,
  to: number,
  people: string[],
): Promise<void> {
  await owner.query(ROOMS, [prefix, from, to, people]);
  await settle(owner);
}

const MEMBERS = `
with known as (
  insert into messages.people (user_id, username, account_at)
  select 'usr_fixture' || i, 'fixture-' || i, now() from generate_series($2::int, $3::int) i
), counted as (
  update messages.rooms set member_count = member_count + $3 - $2 + 1, version = version + 1 where id = $1
)
insert into messages.room_members (room_id, user_id, role)
select $1, 'usr_fixture' || i, 'member' from generate_series($2::int, $3::int) i`;

/** Adds unconnected members `from` to `to` (inclusive) to an existing room. */
export async function addMembers(owner: Owner, room: string, from: number, to: number): Promise<void> {
  await owner.query(MEMBERS, [room, from, to]);
  await settle(owner);
}

/**
 * The accounts were created with a low bcrypt cost; logins should cost as much as in production.
 */
export const setPassword = (owner: Owner, usernames: string[], hash: string): Promise<unknown> =>
  owner.query('update auth.accounts set password_hash = $2 where username = any($1)', [usernames, hash]);
