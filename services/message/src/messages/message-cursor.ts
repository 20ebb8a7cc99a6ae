// Places in lists of messages of several rooms: newest first, by time, room and seq.
import { cursorKey, roomId } from '@chatapi/kit';
import Joi from 'joi';

/** Milliseconds since the epoch, room id, seq. */
export type MessageKey = readonly [number, string, number];

const whole = () => Joi.number().integer().min(0).max(Number.MAX_SAFE_INTEGER);
/** The last that a JavaScript Date can hold. */
const MAX_MS = 8_640_000_000_000_000;

export const messageKey = (): Joi.ArraySchema => cursorKey(whole().max(MAX_MS), roomId(), whole());

export const messageKeyOf = (row: { created_at: Date; room_id: string; seq: number }): MessageKey => [
  row.created_at.getTime(),
  row.room_id,
  row.seq,
];

/** Values of `BEHIND_KEY`. */
export const keyValues = (key: MessageKey | undefined) => ({
  key_at: key === undefined ? null : new Date(key[0]),
  key_room: key?.[1] ?? null,
  key_seq: key?.[2] ?? null,
});
