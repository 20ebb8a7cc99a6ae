// Owns: how repeats are found: for each send by itself, by the very expression of the index messages_client. A generic plan may be made
// while next to nothing is in the table, and it stays: it must have no choice that is good for that moment only.

/**
 * SQL to join to whatever has the ids of `room`, `sender` and `client`: `repeat` is the message that bears this client_id of this
 * sender in this room. No id of a room or a user holds a space.
 */
export const repeatOf = (room: string, sender: string, client: string): string => `lateral (
  select m.seq, m.id, m.created_at, m.body_hash from messages m
  where m.room_id || ' ' || m.sender_id || ' ' || m.client_id = ${room} || ' ' || ${sender} || ' ' || ${client} and m.client_id is not null
  limit 1
) repeat`;
