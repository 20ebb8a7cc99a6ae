// Headers of every response: security (helmet), request id and rate limits; and the filter of a
// service's own headers. CORS: see cors.ts.
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import helmet from 'helmet';
import type { Exchange } from './request-exchange.ts';

/** For JSON responses; the pages of `/docs` replace the policy with their own. */
const setSecurityHeaders = helmet({
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

/** Helmet's headers do not depend on the request, so they are computed once. */
function securityHeaders(): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {};
  const recorder = {
    setHeader(name: string, value: string) {
      headers[name.toLowerCase()] = value;
    },
    removeHeader: () => undefined,
  };
  setSecurityHeaders({} as IncomingMessage, recorder as unknown as ServerResponse, () => undefined);
  return { ...headers, 'cache-control': 'no-store', vary: 'Origin' };
}

const { 'strict-transport-security': hsts, ...HTTP_HEADERS } = securityHeaders();
// Only over https: browsers ignore it otherwise, and it must not stick to a developer's localhost.
const HTTPS_HEADERS = { ...HTTP_HEADERS, 'strict-transport-security': hsts };

const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
const REPLACED = new Set(['x-request-id', 'server', 'x-powered-by', 'vary']);

const securityHeadersFor = (exchange: Exchange): OutgoingHttpHeaders =>
  exchange.client.secure ? HTTPS_HEADERS : HTTP_HEADERS;

/** For a response of the gateway itself. */
export function setGatewayHeaders(res: ServerResponse, exchange: Exchange): void {
  for (const [name, value] of Object.entries(securityHeadersFor(exchange))) res.setHeader(name, value as string);
  for (const [name, value] of Object.entries(exchange.limits)) res.setHeader(name, value);
  res.setHeader('X-Request-Id', exchange.request_id);
}

/**
 * For a response of a service. The service's own security policy (of a file, say) and the limit
 * headers of its 429 take precedence over the gateway's.
 */
export function clientResponseHeaders(exchange: Exchange, received: OutgoingHttpHeaders): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = { ...securityHeadersFor(exchange) };
  for (const name in received) if (!HOP_BY_HOP.has(name) && !REPLACED.has(name)) headers[name] = received[name];
  if (received['x-ratelimit-limit'] === undefined) Object.assign(headers, exchange.limits);
  headers['X-Request-Id'] = exchange.request_id;
  return headers;
}
