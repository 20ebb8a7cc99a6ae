// One POST to a receiver, through the egress guard.
import { AppError, VERSION } from '@chatapi/kit';
import type { Egress } from '@chatapi/kit/egress';
import { signatureHeaders } from './sign.ts';
import type { WebhookRow } from './webhook-store.ts';

const TIMEOUT_MS = 10_000;
/** Of what somebody waits for. */
export const TEST_TIMEOUT_MS = 5000;
const MAX_BODY = 2048;
const MAX_RETRY_AFTER_MS = 3_600_000;

export interface PostResult {
  /** Of the answer; null: there was none. */
  status: number | null;
  duration_ms: number;
  response_body: string | null;
  error: string | null;
  retry_after_ms: number | undefined;
}

/** As of HTTP. `Date.parse` alone reads `-1` and `1.5` as days of 2001. */
const DATE = /^[A-Z][a-z]{2,8}[, ]/;

/** Seconds, or a date. */
function retryAfter(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const isSeconds = /^\d+$/.test(header);
  if (!isSeconds && !DATE.test(header)) return undefined;
  const ms = isSeconds ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS);
}

const secretsOf = ({ secret, secret_before, secret_before_until }: WebhookRow): string[] =>
  secret_before !== null && secret_before_until !== null && secret_before_until.getTime() > Date.now()
    ? [secret, secret_before]
    : [secret];

/**
 * PostgreSQL takes no NUL. A replacement character has three bytes where there may have been one,
 * so the text is cut again, between characters.
 */
function shown(body: Buffer): string {
  const text = body.subarray(0, MAX_BODY).toString().replaceAll('\0', '\ufffd');
  const bytes = Buffer.from(text);
  if (bytes.length <= MAX_BODY) return text;
  let end = MAX_BODY;
  while (((bytes[end] as number) & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end).toString();
}

/** A signed POST, as Standard Webhooks has it. @throws as `Egress.fetch`. */
export function postTo(
  egress: Egress,
  url: string,
  secrets: string[],
  { id, body }: { id: string; body: string },
  timeoutMs: number,
): ReturnType<Egress['fetch']> {
  const signed = signatureHeaders(secrets, id, Math.floor(Date.now() / 1000), body);
  const headers = { 'content-type': 'application/json', 'user-agent': `chatapi/${VERSION}`, ...signed };
  return egress.fetch({ url, method: 'POST', headers, body, timeoutMs });
}

export async function post(
  egress: Egress,
  webhook: WebhookRow,
  event: { id: string; body: string },
  timeoutMs = TIMEOUT_MS,
): Promise<PostResult> {
  const began = performance.now();
  const took = (): number => Math.round(performance.now() - began);
  try {
    const answer = await postTo(egress, webhook.url, secretsOf(webhook), event, timeoutMs);
    const { status, headers } = answer;
    const duration_ms = took();
    const retry_after_ms = retryAfter(headers['retry-after']);
    return { status, duration_ms, response_body: shown(answer.body), error: null, retry_after_ms };
  } catch (thrown) {
    const reason = thrown instanceof AppError ? thrown.details.reason : undefined;
    const error = typeof reason === 'string' ? reason : (thrown as Error).message;
    return { status: null, duration_ms: took(), response_body: null, error, retry_after_ms: undefined };
  }
}
