// Lists from clients. Validation stops at the first bad item: a message for each of thousands would
// cost a hundred milliseconds.
import Joi from 'joi';

export const boundedList = (max: number, item: Joi.Schema): Joi.ArraySchema =>
  Joi.array().items(item).max(max).prefs({ abortEarly: true });
