import type { PipelinedPool } from '@chatapi/kit/data';

export async function roomOfMessage(reads: PipelinedPool, id: string): Promise<string | undefined> {
  const text = 'select room_id from messages where id = $1';
  const { rows } = await reads.query<{ room_id: string }>({ name: 'room-of-message', text, values: [id] });
  return rows[0]?.room_id;
}
