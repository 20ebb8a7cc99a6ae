// Owns: from a draft to its row, its frame and the answer to its sender.
import { AppError, newId } from '@chatapi/kit';
import { type Message, messageFrame } from './frames.ts';
import { type Draft, shownClientId } from './send-body.ts';
import type { Resolved } from './send-resolve.ts';
import type { Repeat, SendRow } from './send-store.ts';

export interface Sent {
  /** The message as its frame has it, with bare paths of files; for a repeat only what identifies the first one. */
  message: Message | undefined;
  /** Its frame's exact text; '' for a repeat. */
  frame: string;
  message_id: string;
  chat_id: string;
  seq: number;
  created_at: string;
  client_id: string | null;
  repeated: boolean;
}

export interface Written {
  row: SendRow;
  message: Message;
}

export function write(draft: Draft, at: string, found: Resolved): Written {
  const message: Message = {
    id: newId('msg'),
    chat_id: draft.room_id,
    seq: 0,
    sender_id: draft.sender.user_id,
    recipient_id: draft.recipient_id ?? undefined,
    content: draft.content,
    message_type: draft.message_type,
    attachments: draft.attachments,
    reply_to: draft.reply_to,
    mentions: found.mentions,
    thread_count: 0,
    reactions: [],
    status: 'sent',
    is_edited: false,
    is_deleted: false,
    created_at: at,
    updated_at: at,
    client_id: shownClientId(draft.client_id),
  };
  const row: SendRow = {
    id: message.id,
    room_id: draft.room_id,
    sender_id: draft.sender.user_id,
    recipient_id: draft.recipient_id,
    client_id: draft.client_id,
    body_hash: draft.body_hash,
    content: draft.content,
    message_type: draft.message_type,
    attachments: draft.attachments,
    reply_to: draft.reply_to,
    version: found.version,
    parent_seq: found.parent_seq,
    mentions: found.mentions,
    ...messageFrame(message),
  };
  return { row, message };
}

/** It was committed at `seq`. */
export function sentNew({ client_id }: Draft, { row, message }: Written, seq: number): Sent {
  message.seq = seq;
  const { id: message_id, chat_id, created_at } = message;
  return {
    message,
    frame: `${row.before}${seq}${row.after}`,
    message_id,
    chat_id,
    seq,
    created_at,
    client_id,
    repeated: false,
  };
}

/** It was there before: the first one, or CONFLICT when that had another body. */
export function sentBefore(draft: Draft, { id, seq, created_at, body_hash }: Repeat): Sent | AppError {
  const { room_id: chat_id, client_id } = draft;
  if (body_hash !== draft.body_hash) {
    return new AppError('CONFLICT', 'This client_id was used for another message', { details: { client_id } });
  }
  const first = { message_id: id, chat_id, seq, created_at: created_at.toISOString(), client_id };
  return { message: undefined, frame: '', ...first, repeated: true };
}
