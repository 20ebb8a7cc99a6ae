// Owns: what of a client's request headers a service gets to see. A list of those that pass, so that nothing unknown does:
// no X-Forwarded-*, X-User-*, X-Internal-*, X-ChatAPI-*, no token, no cookie, nothing that is for one hop only.
import type { IncomingHttpHeaders } from 'node:http';
import { IDENTITY_HEADER } from '@chatapi/kit';
import type { DoorRequest } from './exchange.ts';

const PASSED = [
  'accept',
  'accept-language',
  'content-type',
  'content-length',
  'content-encoding',
  'transfer-encoding',
  'range',
  'if-range',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
  'idempotency-key',
  'user-agent',
] as const;

const HOST_LENGTH = 255;

export function inwardHeaders(req: DoorRequest, sealed: string): IncomingHttpHeaders {
  const { request_id, origin } = req.exchange;
  const headers: IncomingHttpHeaders = {
    [IDENTITY_HEADER]: sealed,
    'x-request-id': request_id,
    'x-forwarded-for': origin.ip,
    'x-forwarded-proto': origin.secure ? 'https' : 'http',
    'x-forwarded-host': origin.host.slice(0, HOST_LENGTH),
  };
  for (const name of PASSED) {
    const value = req.headers[name];
    if (value !== undefined) headers[name] = value as string;
  }
  return headers;
}
