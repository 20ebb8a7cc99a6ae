// Schemas of the token exchange.
import { count, oneOf, wireObject } from '@chatapi/kit';
import Joi from 'joi';
import { userSchema } from '../shapes.ts';
import { ACCESS_TOKEN_TYPE, type ExchangedToken, type ExchangeRequest, GRANT_TYPE, JWT_TYPE } from './exchange.ts';

const MAX_TOKEN_LENGTH = 16_384;

export const exchangeBody = Joi.object<ExchangeRequest, true>({
  grant_type: oneOf(GRANT_TYPE).required(),
  subject_token: Joi.string().max(MAX_TOKEN_LENGTH).required().description('a JWT of a trusted issuer'),
  subject_token_type: oneOf(JWT_TYPE).required(),
  requested_token_type: oneOf(ACCESS_TOKEN_TYPE),
});

export const exchangedSchema = wireObject<ExchangedToken>('ExchangedToken', {
  access_token: Joi.string(),
  issued_token_type: oneOf(ACCESS_TOKEN_TYPE),
  token_type: oneOf('bearer'),
  expires_in: count().description('lifetime of the token and of its session in seconds'),
  user: userSchema,
});
