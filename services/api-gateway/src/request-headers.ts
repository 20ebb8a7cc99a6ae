// Request headers that reach a service: an allow-list, so that no client can send X-Forwarded-*,
// X-User-*, X-Internal-* or X-ChatAPI-*, and tokens, cookies and hop-by-hop headers stay here.
import type { IncomingHttpHeaders } from 'node:http';
import type { GatewayRequest } from './request-exchange.ts';

const FORWARDED = [
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

const MAX_HOST_LENGTH = 255;

export function upstreamRequestHeaders(req: GatewayRequest, identity: Record<string, string>): IncomingHttpHeaders {
  const { request_id, client } = req.exchange;
  const headers: IncomingHttpHeaders = {
    ...identity,
    'x-request-id': request_id,
    'x-forwarded-for': client.ip,
    'x-forwarded-proto': client.secure ? 'https' : 'http',
    'x-forwarded-host': client.host.slice(0, MAX_HOST_LENGTH),
  };
  for (const name of FORWARDED) {
    const value = req.headers[name];
    if (value !== undefined) headers[name] = value as string;
  }
  return headers;
}
