// The proof that a request comes from this server.
import { ChatApiError } from './errors.ts';
import type { WebhookPayload } from './webhook-models.ts';

/** Of the time in the request, in seconds. */
const TOLERANCE_S = 300;
const PREFIX = 'whsec_';

const refused = (message: string): ChatApiError => new ChatApiError('AUTHENTICATION_ERROR', message);

type HeaderSource = Headers | Record<string, string | string[] | undefined>;

/** Node's names of headers are in lower case. */
function headerOf(headers: HeaderSource, name: string): string {
  const value = headers instanceof Headers ? headers.get(name) : headers[name];
  if (typeof value !== 'string') throw refused(`The request has no header ${name}`);
  return value;
}

const bytesOf = (base64: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

function secretBytes(secret: string): Uint8Array<ArrayBuffer> {
  try {
    return bytesOf(secret.replace(PREFIX, ''));
  } catch {
    throw refused('The secret is not one of a webhook');
  }
}

/** A base64 text that can't be read is no signature. */
function signaturesIn(header: string): Uint8Array<ArrayBuffer>[] {
  return header.split(' ').flatMap((part) => {
    try {
      return part.startsWith('v1,') ? [bytesOf(part.slice(3))] : [];
    } catch {
      return [];
    }
  });
}

/**
 * Checks that a request comes from the server: the signature of the raw body by this secret, and
 * that it is at most 5 minutes old. Answer with 2xx once the event is handled: until then the next
 * one of its room waits. The same event may come again, with the same `webhook-id`.
 * @param body as it arrived, not parsed.
 * @throws ChatApiError AUTHENTICATION_ERROR
 */
export async function verifyWebhook(headers: HeaderSource, body: string, secret: string): Promise<WebhookPayload> {
  const [id, at, signature] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) =>
    headerOf(headers, name),
  ) as [string, string, string];
  if (!(Math.abs(Date.now() / 1000 - Number(at)) <= TOLERANCE_S)) throw refused('The request is too old');
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('raw', secretBytes(secret), algorithm, false, ['verify']);
  const text = new TextEncoder().encode(`${id}.${at}.${body}`);
  for (const one of signaturesIn(signature))
    if (await crypto.subtle.verify('HMAC', key, one, text)) return JSON.parse(body) as WebhookPayload;
  throw refused('The signature is not valid');
}
