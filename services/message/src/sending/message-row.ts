// From a draft to its row, its frame and the result for its sender.
import { AppError, newId } from '@chatapi/kit';
import { messageFrame } from '../log/frames.ts';
import { type InsertedFields, type Message, newMessage, type StoredAttachment } from '../log/message.ts';
import { SEARCH_VERSION, searchVector } from '../search-index/vector.ts';
import type { FirstMessage, SendRow } from './insert-store.ts';
import type { Outcome } from './outcome.ts';
import type { Draft } from './send-body.ts';

/** What must be known of a draft before its batch is inserted. */
export interface Resolved {
  version: number;
  /** Under slow mode. */
  slow: boolean;
  parent_seq: number | null;
  mentions: string[];
  unknown_names: string[] | null;
}

export interface SendResult {
  /** As in its frame, with paths of files that are not signed; `undefined` for a repeat. */
  message: Message<StoredAttachment> | undefined;
  /** The exact text of the frame; '' for a repeat. */
  frame: string;
  message_id: string;
  chat_id: string;
  seq: number;
  created_at: string;
  client_id: string | null;
  /** Of the room; undefined for a repeat. */
  version?: number;
  repeated: boolean;
}

export interface PendingRow {
  row: SendRow;
  message: Message<StoredAttachment>;
}

export function toRow(draft: Draft, at: string, found: Resolved): PendingRow {
  const fields: InsertedFields = {
    ...draft.fields,
    id: newId('msg'),
    room_id: draft.room_id,
    sender_id: draft.sender.user_id,
    body_hash: draft.body_hash,
    mentions: found.mentions,
    unknown_names: found.unknown_names,
    search: searchVector(draft.fields.content),
    search_version: SEARCH_VERSION,
  };
  const message = newMessage(fields, at);
  const row = { ...fields, version: found.version, parent_seq: found.parent_seq, ...messageFrame(message) };
  return { row, message };
}

/** The result of an inserted draft. Its frame equals the one that the statement stored. */
export function newlySent(
  { fields: { client_id } }: Draft,
  { row, message }: PendingRow,
  { seq, parent_thread_count }: { seq: number; parent_thread_count: number | undefined },
): SendResult {
  message.seq = seq;
  const count = parent_thread_count === undefined ? '' : `,"parent_thread_count":${parent_thread_count}`;
  const { id: message_id, chat_id, created_at } = message;
  return {
    message,
    frame: `${row.before}${seq}${count}${row.after}`,
    message_id,
    chat_id,
    seq,
    created_at,
    client_id,
    version: row.version,
    repeated: false,
  };
}

/** The result of a repeat: the first message, or CONFLICT if that had another body. */
export function previouslySent(
  draft: Draft,
  { id, seq, created_at, body_hash }: FirstMessage,
): Exclude<Outcome<SendResult>, { kind: 'retry' }> {
  const { room_id: chat_id } = draft;
  const { client_id } = draft.fields;
  if (body_hash !== draft.body_hash) {
    const details = { client_id };
    return {
      kind: 'refused',
      error: new AppError('CONFLICT', 'This client_id was used for another message', { details }),
    };
  }
  const first = { message_id: id, chat_id, seq, created_at: created_at.toISOString(), client_id };
  return { kind: 'sent', result: { message: undefined, frame: '', ...first, repeated: true } };
}
