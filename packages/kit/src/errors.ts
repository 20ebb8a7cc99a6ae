/**
 * Every error code of the public API with its HTTP status. Anything else that is thrown is answered
 * as INTERNAL_ERROR.
 */
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
  /** Sent to the client as `details`. */
  details?: Record<string, unknown>;
  /** Response headers, such as Allow or Retry-After. */
  headers?: Record<string, string>;
  /** Overrides the status of the code where HTTP has a more specific one (416, 426, 431 …). */
  status?: number;
  cause?: unknown;
  /** Not in the log: who throws it logs how many there were. */
  isLogged?: false;
}

/**
 * An error that is sent to the client as it is. The message must not contain a stack, SQL or a host
 * name.
 */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly details: Record<string, unknown>;
  readonly headers: Record<string, string>;
  readonly isLogged: boolean;

  constructor(code: ErrorCode, message: string, extras: ErrorExtras = {}) {
    super(message, { cause: extras.cause });
    this.code = code;
    this.status = extras.status ?? ERROR_STATUS[code];
    this.details = extras.details ?? {};
    this.isLogged = extras.isLogged ?? true;
    this.headers = { ...(code === 'SERVICE_UNAVAILABLE' ? { 'Retry-After': '2' } : {}), ...extras.headers };
  }
}

export const notFound = (what: string): AppError => new AppError('RESOURCE_NOT_FOUND', `${what} not found`);

export const unavailable = (what: string, cause?: unknown): AppError =>
  new AppError('SERVICE_UNAVAILABLE', `${what} is not available right now`, { cause });

/** What is wrong with a field of the input. The message is a sentence that names the field. */
export interface Fault {
  path: string;
  message: string;
}

/** More would make an answer much larger than its request. */
export const MAX_FAULTS = 20;
const MAX_FAULT_LENGTH = 200;

/** Names of unknown fields come from the client and may be long. */
const shortened = (text: string): string =>
  text.length <= MAX_FAULT_LENGTH ? text : `${text.slice(0, MAX_FAULT_LENGTH).toWellFormed()}…`;

/** @param faults at least one; the first 20 are named. @param more further details. */
export function invalidFields(faults: Fault[], more: object = {}): AppError {
  const fields = faults
    .slice(0, MAX_FAULTS)
    .map(({ path, message }) => ({ path: shortened(path), message: shortened(message) }));
  return new AppError('VALIDATION_ERROR', fields[0]?.message ?? 'Invalid input', { details: { fields, ...more } });
}

export const invalidField = (path: string, message: string): AppError => invalidFields([{ path, message }]);

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

// SQLSTATE classes for "the server is gone, starting, stopping or overloaded": nothing was done, so
// the caller may retry.
// 28P01: the role's password is being changed.
const UNAVAILABLE_SQLSTATE = /^(08|28P01|53|57P0|57014|55P03|25006|40)/;
const UNAVAILABLE_ERRNO = /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|UND_ERR_)/;
const UNAVAILABLE_TEXT =
  /timeout acquiring a connection|Connection terminated|Connection ended|timeout exceeded when trying to connect|timeout expired|establishing an SSL connection|Client has encountered a connection error|Client was closed|Query read timeout|Command timed out|Stream isn't writeable|Connection is closed|max retries per request|aborted/i;

function isDependencyUnavailable(error: { code?: unknown; message?: unknown }): boolean {
  const code = typeof error.code === 'string' ? error.code : '';
  return (
    UNAVAILABLE_SQLSTATE.test(code) ||
    UNAVAILABLE_ERRNO.test(code) ||
    UNAVAILABLE_TEXT.test(String(error.message ?? ''))
  );
}

/** Maps errors of body-parser, Express, pg, knex, ioredis and undici to the codes above. */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  const error = (thrown ?? {}) as { code?: unknown; type?: unknown; status?: unknown; message?: unknown };
  switch (error.type) {
    case 'encoding.unsupported':
      return new AppError('UNSUPPORTED_MEDIA_TYPE', 'The body must have no Content-Encoding', { cause: thrown });
    case 'request.aborted':
    case 'request.size.invalid':
      return new AppError('VALIDATION_ERROR', 'The body is not complete', { cause: thrown });
    case 'entity.too.large':
      return new AppError('PAYLOAD_TOO_LARGE', 'The body is too large', { cause: thrown });
  }
  if (isDependencyUnavailable(error)) return unavailable('A service behind this one', thrown);
  if (thrown instanceof URIError) return new AppError('VALIDATION_ERROR', 'The path is not valid', { cause: thrown });
  return new AppError('INTERNAL_ERROR', 'Something went wrong on our side', { cause: thrown });
}
