import type { IncomingMessage, ServerResponse } from 'node:http';
import { allowsOrigin } from '@chatapi/kit';
import cors from 'cors';

const EXPOSED_HEADERS = [
  // The client SDK uses the server's clock, since a browser's may be wrong.
  'Date',
  'X-Request-Id',
  'X-RateLimit-Limit',
  'X-RateLimit-Remaining',
  'X-RateLimit-Reset',
  'Retry-After',
  'ETag',
  'Content-Range',
  'Content-Disposition',
];

type Cors = (req: IncomingMessage, res: ServerResponse, next: () => void) => void;

/** Sets the CORS headers; answers a preflight with 204. */
export function createCors(allowed: string[]): Cors {
  const options = {
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'],
    exposedHeaders: EXPOSED_HEADERS,
    maxAge: 600,
    optionsSuccessStatus: 204,
  };
  const originFor = (origin: string | undefined): string | string[] => {
    if (allowed.includes('*')) return '*';
    return origin !== undefined && allowsOrigin(allowed, origin) ? [origin] : [];
  };
  const handler = cors<IncomingMessage>(({ headers }, next) =>
    next(null, { ...options, origin: originFor(headers.origin) }),
  );
  return handler as unknown as Cors;
}

/** The Origin header in bytes that the HTTP parser refused, such as a head that is too large. */
export const originIn = (packet: string): string | undefined => /^origin:[ \t]*(\S+)[ \t]*\r?$/im.exec(packet)?.[1];

/** The CORS headers of a response that is written without `res`. */
export function corsHeadersFor(cors: Cors, origin: string | undefined): Record<string, string> {
  if (origin === undefined) return {};
  const headers: Record<string, string> = {};
  const res = {
    getHeader: (name: string) => headers[name],
    setHeader: (name: string, value: string) => {
      headers[name] = value;
    },
  };
  cors({ method: 'GET', headers: { origin } } as IncomingMessage, res as unknown as ServerResponse, () => undefined);
  return headers;
}
