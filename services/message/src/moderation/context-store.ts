// A message with its neighbours, for those who judge a report. They need no membership.
import type { Custom } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';

export interface ContextMessage {
  id: string;
  chat_id: string;
  seq: number;
  sender_id: string;
  content: string;
  message_type: string;
  /** Names of the attached files. */
  files: string[];
  is_edited: boolean;
  is_deleted: boolean;
  created_at: Date;
  custom?: Custom;
}

export const CONTEXT_COLUMNS = `id, room_id as chat_id, seq, sender_id, content, message_type,
  array(select file->>'filename' from jsonb_array_elements(attachments) file) as files, is_edited, is_deleted, created_at, custom`;

export type ContextRow = Omit<ContextMessage, 'custom'> & { custom: Custom | null };

export const toContext = ({ custom, ...row }: ContextRow): ContextMessage => ({ ...row, custom: custom ?? undefined });

/** The message and up to `around` on each side, oldest first; empty for an unknown message. */
export async function messagesAround(db: Knex, id: string, around: number): Promise<ContextMessage[]> {
  const { rows } = await db.raw<{ rows: ContextRow[] }>(
    `with it as (select room_id, seq from messages where id = :id)
     select ${CONTEXT_COLUMNS} from messages m where (room_id, seq) in (
       (select n.room_id, n.seq from it join lateral
         (select room_id, seq from messages where room_id = it.room_id and seq <= it.seq order by seq desc limit :around + 1) n on true)
       union all
       (select n.room_id, n.seq from it join lateral
         (select room_id, seq from messages where room_id = it.room_id and seq > it.seq order by seq limit :around) n on true))
     order by seq`,
    { id, around },
  );
  return rows.map(toContext);
}
