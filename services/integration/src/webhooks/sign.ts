// Signatures of Standard Webhooks (www.standardwebhooks.com): HMAC-SHA256 of id, time and body.
// Receivers check them with `verifyWebhook` (packages/client/src/webhooks.ts) or `verify_webhook`.
import { createHmac, randomBytes } from 'node:crypto';

const PREFIX = 'whsec_';
const SECRET_BYTES = 32;

export const newSecret = (): string => PREFIX + randomBytes(SECRET_BYTES).toString('base64');

const macOf = (secret: string, text: string): string =>
  createHmac('sha256', Buffer.from(secret.slice(PREFIX.length), 'base64'))
    .update(text)
    .digest('base64');

/** @param secrets while a secret is being changed, both sign. @param at in seconds. */
export const signatureHeaders = (secrets: string[], id: string, at: number, body: string): Record<string, string> => ({
  'webhook-id': id,
  'webhook-timestamp': String(at),
  'webhook-signature': secrets.map((secret) => `v1,${macOf(secret, `${id}.${at}.${body}`)}`).join(' '),
});
