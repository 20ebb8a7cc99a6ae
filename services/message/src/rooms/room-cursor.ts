// Places in lists of rooms: latest activity first, then by id.
import { cursorKey, roomId } from '@chatapi/kit';
import Joi from 'joi';

/** Microseconds of the last activity, as PostgreSQL has it, and id of the last room of a page. */
export type RoomKey = readonly [number, string];

export const roomKey = (): Joi.ArraySchema =>
  cursorKey(Joi.number().integer().min(0).max(Number.MAX_SAFE_INTEGER), roomId());
