// A page of the log as GET /rooms/{id}/events gives it: the frames of the socket, by its schemas.
import { count } from '@chatapi/kit';
import Joi from 'joi';
import { FRAMES } from '../log/frames.ts';

/** `describe()` of all frames would take 40 ms of each start. */
function hasSeq(schema: Joi.ObjectSchema): boolean {
  try {
    return schema.extract('seq') !== undefined;
  } catch {
    return false;
  }
}

/** Frames of the log of a room. The others are told once and not stored. */
const loggedFrames = (): Joi.ObjectSchema[] =>
  Object.values(FRAMES)
    .map(({ schema }): Joi.ObjectSchema => schema)
    .filter(hasSeq);

export const eventPage = Joi.object({
  events: Joi.array()
    .items(...loggedFrames())
    .required()
    .description('oldest first; the next page is after the `seq` of the last one'),
  last_seq: count().required().description('seq of the newest event of the room'),
  has_more: Joi.boolean().required(),
  complete: Joi.boolean()
    .required()
    .description(
      'false: the log does not reach back to `after_seq` any more, and events are missing before the first one; ' +
        'or `after_seq` is above `last_seq`',
    ),
}).meta({ title: 'EventPage' });
