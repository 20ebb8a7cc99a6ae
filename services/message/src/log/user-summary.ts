// A person as lists and frames show them.
import { anyText, oneOf, wireObject } from '@chatapi/kit';
import Joi from 'joi';

export interface UserSummary {
  username: string;
  display_name: string;
  avatar_url: string | null;
  kind: 'user' | 'bot';
}

export const userSummaryFields = {
  username: Joi.string(),
  display_name: anyText(),
  avatar_url: Joi.string().allow(null),
  kind: oneOf('user', 'bot'),
};

export const userSummary = wireObject<UserSummary>('UserSummary', userSummaryFields);
