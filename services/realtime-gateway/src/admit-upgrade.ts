// Who may upgrade: path, origin, token, user, in this order.
import type { IncomingMessage } from 'node:http';
import {
  AppError,
  allowsOrigin,
  requireShortUrl,
  type SecurityDetails,
  securityEvent,
  unavailable,
} from '@chatapi/kit';
import { type AccessClaims, admitToken, hasIdentity, requireScope, verifyIdentity } from '@chatapi/kit/auth';
import type { Node } from './context.ts';

export const SOCKET_PATH = /^\/ws\/([A-Za-z0-9_.-]{1,80})\/?$/;

interface Client {
  ip: string;
  host: string | undefined;
}

/** Forwarded address and host count only with an identity that the API gateway signed. */
function clientOf(node: Node, { headers, socket }: IncomingMessage): Client {
  const direct = { ip: socket.remoteAddress ?? '', host: headers.host };
  // Most connections have no such header: an exception for each would cost a fifth of the upgrade.
  if (!hasIdentity(headers)) return direct;
  try {
    const identity = verifyIdentity(node.keys, headers);
    return {
      ip: identity.kind === 'service' ? '' : identity.ip,
      host: String(headers['x-forwarded-host'] ?? headers.host),
    };
  } catch {
    securityEvent(node, 'identity.refused', { ip: direct.ip, action: 'connect' });
    return direct;
  }
}

const originAllowed = (node: Node, req: IncomingMessage, { host }: Client): boolean => {
  const { origin } = req.headers;
  if (origin === undefined || allowsOrigin(node.config.ALLOWED_ORIGINS, origin)) return true;
  // Pages of the server itself, such as /docs.
  return origin === `http://${host}` || origin === `https://${host}`;
};

const BEARER = /^bearer\s+(\S+)\s*$/i;

/** `Authorization: Bearer …`, `?token=…`, or `Sec-WebSocket-Protocol: bearer, …`. */
function tokenOf(req: IncomingMessage, query: URLSearchParams): string | undefined {
  const fromHeader = BEARER.exec(req.headers.authorization ?? '')?.[1];
  if (fromHeader !== undefined) return fromHeader;
  const fromQuery = query.get('token');
  if (fromQuery !== null && fromQuery !== '') return fromQuery;
  const [scheme, token] = (req.headers['sec-websocket-protocol'] ?? '').split(',').map((part) => part.trim());
  return scheme === 'bearer' ? token : undefined;
}

/** @throws AppError */
export async function admitSocketToken(node: Node, token: string, from: SecurityDetails): Promise<AccessClaims> {
  const claims = await admitToken(node, token, from);
  if (claims.kind === 'key')
    throw new AppError('AUTHORIZATION_ERROR', 'Application keys open no sockets', { details: { reason: 'key' } });
  // A socket shows all messages of the bot's rooms.
  if (claims.scopes !== undefined) requireScope('messages:read', claims.scopes);
  return claims;
}

/** @throws AppError AUTHENTICATION_ERROR */
export function requireToken(req: IncomingMessage, query: URLSearchParams): string {
  const token = tokenOf(req, query);
  if (token === undefined) throw new AppError('AUTHENTICATION_ERROR', 'An access token is needed');
  return token;
}

/** What is checked before the token. @throws AppError */
export async function admitClient(node: Node, req: IncomingMessage, request_id: string): Promise<SecurityDetails> {
  if (node.draining) throw unavailable('This node');
  const client = clientOf(node, req);
  const from = { ip: client.ip, request_id };
  await node.upgradeBudget.ofAddress(client.ip);
  if (originAllowed(node, req, client)) return from;
  securityEvent(node, 'upgrade.refused', { ...from, reason: 'origin' });
  throw new AppError('AUTHORIZATION_ERROR', 'This origin is not allowed');
}

/** @throws AppError */
export async function admitUpgrade(node: Node, req: IncomingMessage, request_id: string): Promise<AccessClaims> {
  const { url = '' } = req;
  requireShortUrl(url);
  const [path = '', query = ''] = url.split('?', 2);
  const pathUser = SOCKET_PATH.exec(path)?.[1];
  if (req.method !== 'GET' || pathUser === undefined)
    throw new AppError('VALIDATION_ERROR', 'Only /ws/{user_id} takes an upgrade');
  const from = await admitClient(node, req, request_id);
  const token = requireToken(req, new URLSearchParams(query));
  const claims = await admitSocketToken(node, token, from);
  if (pathUser !== 'me' && pathUser !== claims.user_id) {
    securityEvent(node, 'upgrade.refused', { ...from, user_id: claims.user_id, reason: 'other_user' });
    throw new AppError('AUTHORIZATION_ERROR', 'The token belongs to another user');
  }
  await node.upgradeBudget.ofUser(claims.user_id);
  return claims;
}
