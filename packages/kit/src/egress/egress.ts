// Requests to URLs that somebody else chose (JWK Sets, webhooks). Such a URL must not reach what is
// behind our firewall: each connection goes to an address that was judged, the one that its name
// had in that moment.
import http, { type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { AppError, invalidFields } from '../errors.ts';
import { isReachable, type Range, rangeOf } from './reachable.ts';
import { createResolveName, type ResolveName } from './resolve-name.ts';

interface EgressRequest {
  url: string;
  method?: 'GET' | 'POST';
  headers?: Record<string, string>;
  body?: string;
  /** For all of it: name, connection, request, response. */
  timeoutMs: number;
}

interface EgressAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  /** At most 64 KiB. */
  body: Buffer;
  /** There was more. */
  truncated: boolean;
}

export interface Egress {
  /**
   * Judges a URL before it is stored. A name without an address passes: it is judged again by each
   * request. @throws AppError VALIDATION_ERROR that names `field`.
   */
  check(url: string, field: string): Promise<void>;
  /**
   * Follows no redirect. @throws AppError VALIDATION_ERROR when the URL leads to where it must not;
   * EgressFailure when there was no complete response.
   */
  fetch(request: EgressRequest): Promise<EgressAnswer>;
  close(): void;
}

export class EgressFailure extends Error {}

const MAX_BODY_BYTES = 64 * 1024;
const MAX_URL_LENGTH = 2048;
/** Shorter than what servers keep: they would close it under a request. */
const IDLE_MS = 4000;

const refusedUrl = (field: string, message: string): AppError =>
  invalidFields([{ path: field, message: `${field} ${message}` }], { reason: 'url_not_allowed' });

const refusedAddress = (field: string): AppError =>
  invalidFields([{ path: field, message: `${field} leads to an address that is not allowed` }], {
    reason: 'address_not_allowed',
  });

function readUrl(text: string, field: string): URL {
  const url = text.length > MAX_URL_LENGTH ? null : URL.parse(text);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw refusedUrl(field, 'must be a URL with http or https');
  if (url.username !== '' || url.password !== '') throw refusedUrl(field, 'must not contain credentials');
  return url;
}

/** Without the brackets of an IPv6 address. */
const hostOf = (url: URL): string => url.hostname.replace(/^\[(.*)\]$/, '$1');

const LOCALHOST = /(?:^|\.)localhost\.?$/i;

async function addressesOf(resolve: ResolveName, host: string): Promise<string[]> {
  // Never by DNS (RFC 6761).
  if (LOCALHOST.test(host)) return ['127.0.0.1', '::1'];
  try {
    return await resolve(host);
  } catch (cause) {
    throw new EgressFailure(`no address for ${host}`, { cause });
  }
}

/** One address that must not be reached is enough: who has that in DNS wants to be refused. */
async function judgedAddresses(
  resolve: ResolveName,
  allowed: readonly Range[],
  host: string,
  field: string,
): Promise<string[]> {
  const addresses = isIP(host) === 0 ? await addressesOf(resolve, host) : [host];
  if (!addresses.every((address) => isReachable(address, allowed))) throw refusedAddress(field);
  return addresses;
}

function readBody(res: IncomingMessage): Promise<Pick<EgressAnswer, 'body' | 'truncated'>> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const done = (truncated: boolean) =>
      resolve({ body: Buffer.concat(chunks).subarray(0, MAX_BODY_BYTES), truncated });
    res.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes <= MAX_BODY_BYTES) return;
      done(true);
      res.destroy();
    });
    const broken = (): void => reject(new Error('the response ended early'));
    res
      .once('end', () => done(false))
      .once('error', reject)
      .once('close', broken);
  });
}

/** The lookup of one connection: `net` never connects to another address than these. */
const lookupOf =
  (judged: (host: string) => Promise<string[]>): LookupFunction =>
  (host, options, callback) => {
    judged(host).then(
      (addresses) => {
        const all = addresses.map((address) => ({ address, family: isIP(address) }));
        const [first] = all as [{ address: string; family: number }];
        if (options.all) callback(null, all);
        else callback(null, first.address, first.family);
      },
      (error: Error) => callback(error, ''),
    );
  };

interface Wire {
  lookup: LookupFunction;
  agents: { 'http:': http.Agent; 'https:': https.Agent };
}

/** One try. @param retries how often a connection that the server had closed may be replaced. */
function send(wire: Wire, url: URL, request: EgressRequest, signal: AbortSignal, retries = 1): Promise<EgressAnswer> {
  const { method = 'GET', headers, body } = request;
  const { lookup, agents } = wire;
  const secure = url.protocol === 'https:';
  const options = { method, lookup, signal, agent: agents[url.protocol as 'http:' | 'https:'] };
  const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
  return new Promise<EgressAnswer>((resolve, reject) => {
    const req = (secure ? https : http).request(url, { ...options, headers: { ...headers, ...length } });
    req.once('error', (error: NodeJS.ErrnoException) => {
      const stale = req.reusedSocket && error.code === 'ECONNRESET' && retries > 0;
      if (stale) send(wire, url, request, signal, 0).then(resolve, reject);
      else reject(error);
    });
    req.once('response', (res) => {
      const { statusCode: status = 0, headers: answered } = res;
      readBody(res).then((read) => resolve({ status, headers: answered, ...read }), reject);
    });
    // Nobody asked for it. Without a listener, Node closes the connection and emits nothing more.
    req.once('upgrade', ({ statusCode: status = 0, headers: answered }, socket) => {
      socket.destroy();
      resolve({ status, headers: answered, body: Buffer.alloc(0), truncated: false });
    });
    req.end(body);
  });
}

/** @param resolve tests give names addresses of their own. */
export function createEgress(allow: string[], resolve: ResolveName = createResolveName()): Egress {
  const allowed = allow.map(rangeOf);
  const judged = (host: string, field = 'url') => judgedAddresses(resolve, allowed, host, field);
  const keep = { keepAlive: true, timeout: IDLE_MS };
  const agents = { 'http:': new http.Agent(keep), 'https:': new https.Agent(keep) };
  const wire: Wire = { agents, lookup: lookupOf(judged) };

  return {
    async check(text, field) {
      const url = readUrl(text, field);
      await judged(hostOf(url), field).catch((error) => {
        if (!(error instanceof EgressFailure)) throw error;
      });
    },
    async fetch(request) {
      const url = readUrl(request.url, 'url');
      const host = hostOf(url);
      // `net` looks up names only.
      if (isIP(host) !== 0) await judged(host);
      const signal = AbortSignal.timeout(request.timeoutMs);
      try {
        return await send(wire, url, request, signal);
      } catch (error) {
        if (error instanceof AppError || error instanceof EgressFailure) throw error;
        const why = signal.aborted ? `no answer within ${request.timeoutMs} ms` : (error as Error).message;
        throw new EgressFailure(why, { cause: error });
      }
    },
    close: () => Object.values(agents).forEach((agent) => void agent.destroy()),
  };
}
