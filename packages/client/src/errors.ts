// Owns: the one error of this package, for what the server or the network refused.

/** No answer came: refused, cut, or later than the time-out. */
export const NETWORK_ERROR = 'NETWORK_ERROR';
/** The client or its connection was closed, by the app or for good by the server. */
export const CLIENT_CLOSED = 'CLIENT_CLOSED';
/** The app's own signal. */
export const ABORTED = 'ABORTED';

const RETRYABLE_CODES = new Set(['RATE_LIMIT_EXCEEDED', 'SERVICE_UNAVAILABLE', NETWORK_ERROR]);
const RETRYABLE_STATUS = new Set([408, 429, 502, 503, 504]);

export type ErrorCode =
  | 'VALIDATION_ERROR'
  | 'AUTHENTICATION_ERROR'
  | 'AUTHORIZATION_ERROR'
  | 'RESOURCE_NOT_FOUND'
  | 'METHOD_NOT_ALLOWED'
  | 'CONFLICT'
  | 'PAYLOAD_TOO_LARGE'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'ACCOUNT_LOCKED'
  | 'RATE_LIMIT_EXCEEDED'
  | 'INTERNAL_ERROR'
  | 'SERVICE_UNAVAILABLE'
  | 'NETWORK_ERROR'
  | 'CLIENT_CLOSED'
  | 'ABORTED';

export interface ErrorFacts {
  status?: number;
  details?: Record<string, unknown>;
  requestId?: string;
  retryAfterMs?: number;
  cause?: unknown;
}

/** A refused call, frame or connection. */
export class ChatApiError extends Error {
  override readonly name = 'ChatApiError';
  /** The server's, or `NETWORK_ERROR`, `CLIENT_CLOSED`, `ABORTED`. */
  readonly code: ErrorCode;
  /** HTTP's; 0 where there was none. */
  readonly status: number;
  /** For `VALIDATION_ERROR`: `fields`, each with `path` and `message`. */
  readonly details: Record<string, unknown>;
  /** Names the request in the server's logs. */
  readonly requestId: string | undefined;
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;
  /** How long to wait first, where the server said so. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: string,
    message: string,
    { status = 0, details = {}, requestId, retryAfterMs, cause }: ErrorFacts = {},
  ) {
    super(message, cause === undefined ? {} : { cause });
    this.code = code as ErrorCode;
    this.status = status;
    this.details = details;
    this.requestId = requestId;
    this.retryAfterMs = retryAfterMs;
    this.retryable = RETRYABLE_CODES.has(code) || RETRYABLE_STATUS.has(status);
  }
}

type Json = Record<string, unknown>;

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const positive = (value: unknown): number | undefined => {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof number === 'number' && number >= 0 ? number : undefined;
};

/** The error of an HTTP answer; a proxy's page instead of the server's object counts by its status. */
export function errorOfAnswer(status: number, header: (name: string) => string | null, body: unknown): ChatApiError {
  const known = isObject(body) && typeof body.code === 'string' ? body : {};
  const seconds = positive(header('retry-after'));
  return new ChatApiError(
    String(known.code ?? ([502, 503, 504].includes(status) ? 'SERVICE_UNAVAILABLE' : 'INTERNAL_ERROR')),
    String(known.message ?? `HTTP status ${status}`),
    {
      status,
      details: isObject(known.details) ? known.details : {},
      requestId: String(known.request_id ?? header('x-request-id') ?? '') || undefined,
      retryAfterMs: seconds === undefined ? undefined : seconds * 1000,
    },
  );
}

/** The error of an `error` frame on the socket. */
export const errorOfFrame = (frame: Json): ChatApiError =>
  new ChatApiError(String(frame.code ?? 'INTERNAL_ERROR'), String(frame.message ?? ''), {
    details: isObject(frame.details) ? frame.details : {},
    retryAfterMs: positive(frame.retry_after_ms),
  });

export const asError = (error: unknown): ChatApiError =>
  error instanceof ChatApiError
    ? error
    : new ChatApiError(NETWORK_ERROR, error instanceof Error ? error.message : String(error), { cause: error });
