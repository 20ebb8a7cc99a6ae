// Owns: the headers of every answer: security (helmet), CORS, request id, limits; and which of a service's own pass.
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import cors from 'cors';
import helmet from 'helmet';
import type { Exchange } from './exchange.ts';

const EXPOSED = [
  // A browser's clock may be wrong: the SDK goes by ours.
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

/** JSON needs none of what a page may do; pages of `/docs` set their own policy over this. */
const protect = helmet({
  contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
  crossOriginResourcePolicy: { policy: 'same-site' },
  strictTransportSecurity: { maxAge: 31_536_000, includeSubDomains: true },
  frameguard: { action: 'deny' },
  crossOriginOpenerPolicy: false,
  originAgentCluster: false,
  dnsPrefetchControl: false,
  ieNoOpen: false,
  permittedCrossDomainPolicies: false,
  xssFilter: false,
});

/** None of helmet's headers depends on the request: it is asked once. */
function protection(): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {};
  const recorder = {
    setHeader(name: string, value: string) {
      headers[name.toLowerCase()] = value;
    },
    removeHeader: () => undefined,
  };
  protect({} as IncomingMessage, recorder as unknown as ServerResponse, () => undefined);
  return { ...headers, 'cache-control': 'no-store', vary: 'Origin' };
}

const { 'strict-transport-security': hsts, ...PLAIN } = protection();
// Without https a browser ignores it, and on a developer's localhost it must not stick.
const SECURE = { ...PLAIN, 'strict-transport-security': hsts };

const HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
const OURS = new Set(['x-request-id', 'server', 'x-powered-by', 'vary']);

const own = (exchange: Exchange): OutgoingHttpHeaders => (exchange.origin.secure ? SECURE : PLAIN);

/** For an answer that the door gives itself. */
export function setOwnHeaders(res: ServerResponse, exchange: Exchange): void {
  for (const [name, value] of Object.entries(own(exchange))) res.setHeader(name, value as string);
  for (const [name, value] of Object.entries(exchange.limits)) res.setHeader(name, value);
  res.setHeader('X-Request-Id', exchange.request_id);
}

/** A service's own policy for what it sends (a file's, say) and its own limit on its 429 win over the door's. */
export function outwardHeaders(exchange: Exchange, given: OutgoingHttpHeaders): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = { ...own(exchange) };
  for (const name in given) if (!HOP.has(name) && !OURS.has(name)) headers[name] = given[name];
  if (given['x-ratelimit-limit'] === undefined) Object.assign(headers, exchange.limits);
  headers['X-Request-Id'] = exchange.request_id;
  return headers;
}

/** Sets what a browser asks for; ends a preflight with 204. */
export function openCors(origins: string[]): (req: IncomingMessage, res: ServerResponse, next: () => void) => void {
  const answer = cors({
    origin: origins.includes('*') ? '*' : origins,
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'],
    exposedHeaders: EXPOSED,
    maxAge: 600,
    optionsSuccessStatus: 204,
  });
  return answer as unknown as (req: IncomingMessage, res: ServerResponse, next: () => void) => void;
}
