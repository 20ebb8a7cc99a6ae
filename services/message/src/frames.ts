// Owns: the JSON of every durable frame, `type` first. Each is encoded once; that very text is stored, published and replayed.
export interface Attachment {
  id: string;
  filename: string;
  content_type: string;
  size: number;
  sha256: string;
  description: string | null;
  /** Signed for each who sees it; in tables and frames it is the bare path. */
  url: string;
  url_expires_at?: string;
  thumbnail_url: string | null;
}

export interface Reaction {
  emoji: string;
  count: number;
  user_ids: string[];
}

export interface Message {
  id: string;
  chat_id: string;
  seq: number;
  sender_id: string;
  recipient_id?: string;
  content: string;
  message_type: string;
  attachments: Attachment[];
  reply_to: string | null;
  mentions: string[];
  thread_count: number;
  reactions: Reaction[];
  status: 'sent' | 'delivered' | 'read';
  is_edited: boolean;
  is_deleted: boolean;
  created_at: string;
  updated_at: string;
  client_id?: string;
}

/** The text of a `message` frame around its seq, which the database gives in the inserting statement. */
export function messageFrame({ id, chat_id, seq: _, ...rest }: Message): { before: string; after: string } {
  return {
    before: `{"type":"message","id":${JSON.stringify(id)},"chat_id":${JSON.stringify(chat_id)},"seq":`,
    after: `,${JSON.stringify(rest).slice(1)}`,
  };
}

/** Any other durable frame of a room, waiting for its event's seq. */
export const eventFrame =
  (type: string, chat_id: string, fields: object) =>
  (seq: number): string =>
    JSON.stringify({ type, chat_id, seq, ...fields });

/** Told to one user's own connections: they enter or leave the room. Bears no seq, for it has no place in the log. */
export const membershipNotice = (type: 'room_joined' | 'room_removed', chat_id: string, fields: object): string =>
  JSON.stringify({ type, chat_id, ...fields, timestamp: new Date().toISOString() });
