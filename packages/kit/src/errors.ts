// Owns: the one table of errors that a client can see, and how anything thrown becomes one of them.
// Does not own: when a rule throws which.

/** Every code of the public API with its HTTP status. Anything not thrown as an AppError answers INTERNAL_ERROR. */
export const ERROR_STATUS = {
  VALIDATION_ERROR: 400,
  AUTHENTICATION_ERROR: 401,
  AUTHORIZATION_ERROR: 403,
  RESOURCE_NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  CONFLICT: 409,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  ACCOUNT_LOCKED: 423,
  RATE_LIMIT_EXCEEDED: 429,
  INTERNAL_ERROR: 500,
  SERVICE_UNAVAILABLE: 503,
} as const;

export type ErrorCode = keyof typeof ERROR_STATUS;

export interface ErrorExtras {
  /** Shown to the client under `details`. */
  details?: Record<string, unknown>;
  /** Response headers, such as Allow or Retry-After. */
  headers?: Record<string, string>;
  /** Overrides the table's status where HTTP has a finer one for the same code (416, 426, 431 …). */
  status?: number;
  cause?: unknown;
}

/** An error that a client sees as it is: its message must hold no stack, SQL or host name. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly details: Record<string, unknown>;
  readonly headers: Record<string, string>;

  constructor(code: ErrorCode, message: string, extras: ErrorExtras = {}) {
    super(message, { cause: extras.cause });
    this.code = code;
    this.status = extras.status ?? ERROR_STATUS[code];
    this.details = extras.details ?? {};
    this.headers = { ...(code === 'SERVICE_UNAVAILABLE' ? { 'Retry-After': '2' } : {}), ...extras.headers };
  }
}

export const notFound = (what: string): AppError => new AppError('RESOURCE_NOT_FOUND', `${what} not found`);

export const unavailable = (what: string, cause?: unknown): AppError =>
  new AppError('SERVICE_UNAVAILABLE', `${what} is not available right now`, { cause });

export const invalidField = (path: string, message: string): AppError =>
  new AppError('VALIDATION_ERROR', 'Invalid input', { details: { fields: [{ path, message }] } });

export interface ErrorBody {
  error: true;
  message: string;
  code: ErrorCode;
  details: Record<string, unknown>;
  timestamp: string;
  request_id: string;
}

export const errorBody = (error: AppError, requestId: string): ErrorBody => ({
  error: true,
  message: error.message,
  code: error.code,
  details: error.details,
  timestamp: new Date().toISOString(),
  request_id: requestId,
});

// PostgreSQL's classes for "the server is gone, going, coming or too busy": the caller may retry, nothing was done.
const AWAY_SQLSTATE = /^(08|53|57P0|57014|55P03|25006|40)/;
const AWAY_ERRNO = /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|UND_ERR_)/;
const AWAY_TEXT =
  /timeout acquiring a connection|Connection terminated|Connection ended|timeout exceeded when trying to connect|Client has encountered a connection error|Query read timeout|Command timed out|Stream isn't writeable|Connection is closed|max retries per request|aborted/i;

function dependencyIsAway(error: { code?: unknown; message?: unknown }): boolean {
  const code = typeof error.code === 'string' ? error.code : '';
  return AWAY_SQLSTATE.test(code) || AWAY_ERRNO.test(code) || AWAY_TEXT.test(String(error.message ?? ''));
}

/** Turns what body-parser, Express, pg, knex, ioredis or undici throw into the table above. */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  const error = (thrown ?? {}) as { code?: unknown; type?: unknown; status?: unknown; message?: unknown };
  switch (error.type) {
    case 'entity.parse.failed':
    case 'encoding.unsupported':
    case 'charset.unsupported':
    case 'request.aborted':
    case 'request.size.invalid':
      return new AppError('VALIDATION_ERROR', 'The body is not valid JSON', { cause: thrown });
    case 'entity.too.large':
      return new AppError('PAYLOAD_TOO_LARGE', 'The body is too large', { cause: thrown });
  }
  if (dependencyIsAway(error)) return unavailable('A service behind this one', thrown);
  if (thrown instanceof URIError) return new AppError('VALIDATION_ERROR', 'The path is not valid', { cause: thrown });
  return new AppError('INTERNAL_ERROR', 'Something went wrong on our side', { cause: thrown });
}
