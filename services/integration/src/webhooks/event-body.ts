// What is sent of an item of the log. Its id and its body stay the same however often it is sent.
import { createHash } from 'node:crypto';
import type { Item } from '@chatapi/bus';
import { FACTS_ROOM } from '../facts-log/facts-log-store.ts';

export interface SentEvent {
  id: string;
  type: string;
  chat_id: string | null;
  seq: number;
  body: string;
}

const ID_LENGTH = 22;
/** Of what, in a log: unlike room and seq, never used twice, also not after a restore. */
const idOf = (epoch: string, room: string, what: string | number): string =>
  `evt_${createHash('sha256').update(`${epoch}\n${room}\n${what}`).digest('base64url').slice(0, ID_LENGTH)}`;

const TYPE = /^\{"type": ?"([a-z_.]+)"/;

/** Frames begin with their type. */
export const typeOf = (item: Item): string => (item.kind === 'gap' ? 'gap' : (TYPE.exec(item.frame)?.[1] ?? ''));

const bodyOf = (type: string, at: number, data: string): string =>
  `{"type":${JSON.stringify(type)},"timestamp":"${new Date(at).toISOString()}","data":${data}}`;

/** A gap has no time of its own: its body must stay the same. */
const NO_TIME = 0;

export function eventOf(room: string, item: Item): SentEvent {
  const type = typeOf(item);
  const { epoch, seq } = item;
  const chat_id = room === FACTS_ROOM ? null : room;
  if (item.kind === 'gap') {
    const data = JSON.stringify({ chat_id, from_seq: item.from, to_seq: seq, epoch });
    return { id: idOf(epoch, room, `gap ${item.from} ${seq}`), type, chat_id, seq, body: bodyOf(type, NO_TIME, data) };
  }
  // The id of a fact stands in place of its epoch.
  if (chat_id === null) return { id: epoch, type, chat_id, seq, body: bodyOf(type, item.at, item.frame) };
  const data = `${item.frame.slice(0, -1)},"epoch":${JSON.stringify(epoch)}}`;
  return { id: idOf(epoch, room, seq), type, chat_id, seq, body: bodyOf(type, item.at, data) };
}
