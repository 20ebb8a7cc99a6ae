// Owns: how a repeat is found: by the very expression of the index messages_client, so that no other index can be chosen for it.

/** SQL: does the message `m` bear this client_id of this sender in this room? No id of a room or a user holds a space. */
export const isRepeatOf = (room: string, sender: string, client: string): string =>
  `m.room_id || ' ' || m.sender_id || ' ' || m.client_id = ${room} || ' ' || ${sender} || ' ' || ${client} and m.client_id is not null`;
