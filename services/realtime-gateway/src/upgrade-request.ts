// Owns: what an upgrade request asks for: whose socket, with which token, from which page. Decides nothing about rights.
import type { IncomingMessage } from 'node:http';
import { AppError } from '@chatapi/kit';

const MAX_URL = 8 * 1024;
const PATH = /^\/ws\/([^/?#]{1,200})\/?$/;
const SUBPROTOCOL = 'bearer';

export interface UpgradeRequest {
  /** `me` or a user id. */
  who: string;
  token: string;
}

export const isWebSocket = ({ headers }: IncomingMessage): boolean =>
  /(?:^|,)\s*websocket\s*(?:,|$)/i.test(headers.upgrade ?? '');

export const isSocketPath = (path: string): boolean => PATH.test(path);

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new AppError('VALIDATION_ERROR', 'The path is not valid');
  }
}

const protocolsOf = (req: IncomingMessage): string[] =>
  (req.headers['sec-websocket-protocol'] ?? '').split(',').map((part) => part.trim());

function tokenOf(req: IncomingMessage, query: string): string {
  const header = /^bearer +(\S+)$/i.exec(req.headers.authorization ?? '')?.[1];
  if (header !== undefined) return header;
  const protocols = protocolsOf(req);
  const second = protocols[0]?.toLowerCase() === SUBPROTOCOL ? protocols[1] : undefined;
  const token = second ?? new URLSearchParams(query).get('token') ?? '';
  if (token === '') throw new AppError('AUTHENTICATION_ERROR', 'A valid access token is needed');
  return token;
}

/** @throws AppError 400 for another path, 401 without a token, 414. */
export function readUpgrade(req: IncomingMessage): UpgradeRequest {
  const url = req.url ?? '';
  if (url.length > MAX_URL) throw new AppError('VALIDATION_ERROR', 'The URL is too long', { status: 414 });
  const cut = url.indexOf('?');
  const who = PATH.exec(cut < 0 ? url : url.slice(0, cut))?.[1];
  if (req.method !== 'GET' || who === undefined)
    throw new AppError('VALIDATION_ERROR', 'Only /ws/{user_id} takes an upgrade');
  return { who: decoded(who), token: tokenOf(req, cut < 0 ? '' : url.slice(cut + 1)) };
}

/** Of several offered protocols only `bearer` is ours; the token that comes with it is none. */
export const chooseProtocol = (offered: Set<string>): string | false =>
  [...offered].find((name) => name.toLowerCase() === SUBPROTOCOL) ?? false;

function hostOf(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).host : '';
}

/** Other programs than browsers send no Origin. The server's own pages may always connect. */
export function checkOrigin(req: IncomingMessage, allowed: string[]): void {
  const { origin, host } = req.headers;
  if (origin === undefined || allowed.includes('*') || allowed.includes(origin)) return;
  if (host !== undefined && hostOf(origin) === host.toLowerCase()) return;
  throw new AppError('AUTHORIZATION_ERROR', 'This origin may not connect');
}
