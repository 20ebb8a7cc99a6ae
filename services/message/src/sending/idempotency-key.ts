// How repeats are found: one look-up per send, by the expression of the index messages_client. It
// leaves PostgreSQL no other plan: a generic plan may be made while the table is almost empty, and
// is kept.

/** The key of a send; null without client_id. Ids of rooms and users contain no space. */
export const clientKey = (room_id: string, sender_id: string, client_id: string | null): string | null =>
  client_id === null ? null : `${room_id} ${sender_id} ${client_id}`;

/** SQL to join: `repeat` is the message whose key is the SQL expression `key`. */
export const repeatOf = (key: string): string => `lateral (
  select m.seq, m.id, m.created_at, m.body_hash from messages m
  where m.room_id || ' ' || m.sender_id || ' ' || m.client_id = ${key} and m.client_id is not null
  limit 1
) repeat`;
