// Owns: what may be asked of a history. The same for HTTP and for what the gateway hands over.
import { type Paging, paging } from '@chatapi/kit';
import Joi from 'joi';
import { roomId, someId } from './send-body.ts';

export interface HistoryQuery extends Paging {
  chat_id?: string;
  recipient_id?: string;
  before_seq?: number;
  after_seq?: number;
  thread_of?: string;
}

const seq = () => Joi.number().integer().min(0).max(Number.MAX_SAFE_INTEGER);

export const historyQuery: Joi.ObjectSchema<HistoryQuery> = Joi.object<HistoryQuery>({
  chat_id: roomId(),
  recipient_id: someId(),
  before_seq: seq().description('older than this, newest first'),
  after_seq: seq().description('newer than this, oldest first'),
  thread_of: someId().description('only replies to this message'),
  ...paging(),
})
  .oxor('chat_id', 'recipient_id')
  .oxor('before_seq', 'after_seq')
  .custom((query: HistoryQuery, h) => {
    const cursor = query.before_seq ?? query.after_seq;
    const inRoom = query.chat_id !== undefined || query.recipient_id !== undefined;
    return cursor === undefined || inRoom ? query : h.message({ custom: 'a cursor needs chat_id or recipient_id' });
  });
