// Owns: how repeats are found: for each send by itself, by the very expression of the index messages_client. A generic plan may be made
// while next to nothing is in the table, and it stays: it must have no choice that is good for that moment only.

/** What a message is found by when it is sent again; null: it bears no client_id. No id of a room or a user holds a space. */
export const clientKey = (room_id: string, sender_id: string, client_id: string | null): string | null =>
  client_id === null ? null : `${room_id} ${sender_id} ${client_id}`;

/** SQL to join to whatever has keys: `repeat` is the message whose key is `key`. */
export const repeatOf = (key: string): string => `lateral (
  select m.seq, m.id, m.created_at, m.body_hash from messages m
  where m.room_id || ' ' || m.sender_id || ' ' || m.client_id = ${key} and m.client_id is not null
  limit 1
) repeat`;
