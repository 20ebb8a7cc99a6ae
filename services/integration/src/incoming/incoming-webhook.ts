// An incoming webhook as the staff of its room sees it.
import { anyText, count, idOf, time, wireList, wireObject } from '@chatapi/kit';
import Joi from 'joi';

export interface IncomingWebhook {
  id: string;
  chat_id: string;
  name: string;
  /** The sender of its messages. */
  bot_id: string;
  created_by: string;
  created_at: string;
}

const fields = {
  id: idOf('inh'),
  chat_id: Joi.string(),
  name: anyText(),
  bot_id: Joi.string().description('the account that sends its messages'),
  created_by: Joi.string(),
  created_at: time(),
};

const incomingWebhookSchema = wireObject<IncomingWebhook>('IncomingWebhook', fields);
export const newIncomingWebhookSchema = wireObject<IncomingWebhook & { url: string }>('NewIncomingWebhook', {
  ...fields,
  url: Joi.string().description('where to post: a path of this server that contains the secret; shown only now'),
});
export const incomingWebhookList = wireList('IncomingWebhookList', 'incoming_webhooks', incomingWebhookSchema);

export interface PostedMessage {
  id: string;
  chat_id: string;
  seq: number;
}

export const postedMessageSchema = wireObject<PostedMessage>('PostedMessage', {
  id: Joi.string(),
  chat_id: Joi.string(),
  seq: count(),
});
