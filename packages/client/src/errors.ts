// The error of this package, for refusals by the server and network errors.

/** No response: connection refused, cut or timed out. */
export const NETWORK_ERROR = 'NETWORK_ERROR';
/** The client or its connection was closed, by the app or permanently by the server. */
export const CLIENT_CLOSED = 'CLIENT_CLOSED';
/** Aborted by the app's signal. */
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

/** The codes of the server by HTTP status, for pages of proxies. */
const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  401: 'AUTHENTICATION_ERROR',
  403: 'AUTHORIZATION_ERROR',
  404: 'RESOURCE_NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  407: 'AUTHENTICATION_ERROR',
  408: 'SERVICE_UNAVAILABLE',
  409: 'CONFLICT',
  410: 'RESOURCE_NOT_FOUND',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  423: 'ACCOUNT_LOCKED',
  429: 'RATE_LIMIT_EXCEEDED',
  451: 'AUTHORIZATION_ERROR',
  502: 'SERVICE_UNAVAILABLE',
  503: 'SERVICE_UNAVAILABLE',
  504: 'SERVICE_UNAVAILABLE',
};
const OWN_CODES = new Set<unknown>([...Object.values(CODE_OF_STATUS), 'VALIDATION_ERROR', 'INTERNAL_ERROR']);

export interface ErrorFacts {
  status?: number;
  foreign?: boolean;
  details?: Record<string, unknown>;
  requestId?: string;
  retryAfterMs?: number;
  cause?: unknown;
}

/** A call, frame or connection was refused or failed. */
export class ChatApiError extends Error {
  override readonly name = 'ChatApiError';
  /** The server's code, or `NETWORK_ERROR`, `CLIENT_CLOSED`, `ABORTED`. */
  readonly code: ErrorCode;
  /** The HTTP status; 0 without a response. */
  readonly status: number;
  /** For `VALIDATION_ERROR`: `fields`, each with `path` and `message`. */
  readonly details: Record<string, unknown>;
  /** Id of the request in the server's logs. */
  readonly requestId: string | undefined;
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;
  /** Delay before a retry in ms, if the server gave one. */
  readonly retryAfterMs: number | undefined;
  /**
   * The response came from a proxy or a captive portal, not from the server: an
   * `AUTHENTICATION_ERROR` of it says nothing about the session.
   */
  readonly foreign: boolean;

  /** An app may load two bundles of this package, each with its own class. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof Error && value.name === 'ChatApiError';
  }

  constructor(
    code: string,
    message: string,
    { status = 0, details = {}, requestId, retryAfterMs, foreign = false, cause }: ErrorFacts = {},
  ) {
    super(message, cause === undefined ? {} : { cause });
    this.code = code as ErrorCode;
    this.status = status;
    this.details = details;
    this.requestId = requestId;
    this.retryAfterMs = retryAfterMs;
    this.foreign = foreign;
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

type Header = (name: string) => string | null;

/** Proxies give a date too, which is read by their own clock. */
function retryAfterOf(header: Header): number | undefined {
  const given = header('retry-after') ?? '';
  const seconds = positive(given);
  if (seconds !== undefined) return seconds * 1000;
  const at = Date.parse(given);
  if (Number.isNaN(at)) return undefined;
  const sent = Date.parse(header('date') ?? '');
  return Math.max(0, at - (Number.isNaN(sent) ? Date.now() : sent));
}

function codeOf(status: number): ErrorCode {
  if (status < 400 || status >= 600) return NETWORK_ERROR;
  return CODE_OF_STATUS[status] ?? (status < 500 ? 'VALIDATION_ERROR' : 'INTERNAL_ERROR');
}

/** Redirects are not followed: the token would go to whoever asks for it. */
export const redirected = (status: number, location: string | null): ChatApiError =>
  new ChatApiError(
    NETWORK_ERROR,
    `The request was redirected to ${location ?? 'an address that the browser hides'}; if that is the server, use it as baseUrl`,
    { status, details: location === null ? {} : { location }, foreign: true },
  );

/**
 * The error of an HTTP response. A page of a proxy instead of the server's object is mapped by its
 * status.
 */
export function errorOfAnswer(status: number, header: Header, body: unknown): ChatApiError {
  const location = header('location');
  if (status >= 300 && status < 400 && location !== null) return redirected(status, location);
  const own = isObject(body) && typeof body.code === 'string' && (body.error === true || OWN_CODES.has(body.code));
  const known = own ? body : {};
  return new ChatApiError(
    String(known.code ?? codeOf(status)),
    String(known.message ?? `HTTP status ${status}, not from the server`),
    {
      status,
      details: isObject(known.details) ? known.details : {},
      requestId: String(known.request_id ?? header('x-request-id') ?? '') || undefined,
      retryAfterMs: retryAfterOf(header),
      foreign: !own,
    },
  );
}

/** The error of an `error` frame on the socket. */
export const errorOfFrame = (frame: Json): ChatApiError =>
  new ChatApiError(String(frame.code ?? 'INTERNAL_ERROR'), String(frame.message ?? ''), {
    details: isObject(frame.details) ? frame.details : {},
    retryAfterMs: positive(frame.retry_after_ms),
  });

/** Why a connection ended. `code`: close code, or HTTP status of a refusal. */
export const errorOfLoss = (code: number | undefined, reason: string): ChatApiError =>
  new ChatApiError(code === 4429 ? 'RATE_LIMIT_EXCEEDED' : NETWORK_ERROR, reason || 'The connection was cut', {
    details: code === undefined ? {} : { close_code: code },
  });

export const asError = (error: unknown): ChatApiError =>
  error instanceof ChatApiError
    ? error
    : new ChatApiError(NETWORK_ERROR, error instanceof Error ? error.message : String(error), { cause: error });
