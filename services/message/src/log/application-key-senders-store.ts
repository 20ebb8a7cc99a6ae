// SQL of messages that application keys sent as their senders.
import type { Knex, PoolClient } from '@chatapi/kit/data';

interface SentByKey {
  room_id: string;
  seq: number;
  key_id: string;
}

/** Call it in the transaction that inserts the messages. */
export async function noteKeys(client: PoolClient, sent: SentByKey[]): Promise<void> {
  await client.query(
    `insert into message_keys (room_id, seq, key_id)
     select room_id, seq, key_id from jsonb_to_recordset($1::jsonb) s(room_id text, seq bigint, key_id text)`,
    [JSON.stringify(sent)],
  );
}

export const keysOfMessages = async (db: Knex, messages: { room_id: string; seq: number }[]): Promise<SentByKey[]> =>
  (
    await db.raw<{ rows: SentByKey[] }>(
      `select k.room_id, k.seq, k.key_id from jsonb_to_recordset(?::jsonb) m(room_id text, seq bigint)
       join message_keys k using (room_id, seq)`,
      [JSON.stringify(messages)],
    )
  ).rows;
