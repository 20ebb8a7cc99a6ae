// Query parameters of GET /messages, over HTTP and over RPC.
import { cursorKey, idOf, type Paging, paging, roomId, withCheck } from '@chatapi/kit';
import Joi from 'joi';
import { type MessageKey, messageKey } from './message-cursor.ts';

export interface HistoryQuery extends Paging<SeqKey | MessageKey> {
  chat_id?: string;
  recipient_id?: string;
  before_seq?: number;
  after_seq?: number;
  thread_of?: string;
}

/** In one room: the seq of the last message of a page. */
export type SeqKey = readonly [number];

const seq = () => Joi.number().integer().min(0).max(Number.MAX_SAFE_INTEGER);

const fields = Joi.object<HistoryQuery>({
  chat_id: roomId(),
  recipient_id: idOf('usr'),
  before_seq: seq().description('return older messages, newest first'),
  after_seq: seq().description('return newer messages, oldest first'),
  thread_of: idOf('msg').description('return only replies to this message'),
  ...paging<SeqKey | MessageKey>(Joi.alternatives(cursorKey(seq()), messageKey())),
})
  .oxor('chat_id', 'recipient_id')
  .oxor('before_seq', 'after_seq');

/** A position is a room's, and so is a cursor. */
export const historyQuery: Joi.ObjectSchema<HistoryQuery> = withCheck(fields, (query) => {
  const path = (['before_seq', 'after_seq'] as const).find((name) => query[name] !== undefined);
  const inRoom = query.chat_id !== undefined || query.recipient_id !== undefined;
  if (path !== undefined && !inRoom) return [{ path, message: `${path} needs chat_id or recipient_id` }];
  const { cursor } = query;
  const ofOne = Array.isArray(cursor) && cursor.length === 1;
  return !Array.isArray(cursor) || ofOne === (inRoom || query.thread_of !== undefined)
    ? []
    : [{ path: 'cursor', message: 'cursor must be the next_cursor of a page of this list' }];
});
