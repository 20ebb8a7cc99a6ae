// Negotiates version and capabilities of an RPC connection, so that services of two releases can
// talk.
import type { IncomingHttpHeaders } from 'node:http';

/**
 * Supported protocol versions, newest first, as WebSocket subprotocols. A new version is understood
 * one release before it is offered; an old one is removed one release after.
 */
export const PROTOCOLS = ['chatapi-rpc.1'];

/** Optional features that the sender can read. Unknown names are ignored. */
export const CAPABILITIES_HEADER = 'x-chatapi-capabilities';
/** A response may carry a raw body after a newline. */
export const ENCLOSED_BODY = 'enclosed-body';
export const CAPABILITIES = [ENCLOSED_BODY];

const split = (text: string): string[] => text.split(',').map((part) => part.trim());

export const capabilitiesOf = (headers: IncomingHttpHeaders): Set<string> =>
  new Set(split(String(headers[CAPABILITIES_HEADER] ?? '')));

/**
 * The newest common version; undefined if there is none. A client that names none speaks the
 * oldest.
 */
export function protocolFor(headers: IncomingHttpHeaders): string | undefined {
  const offered = headers['sec-websocket-protocol'];
  if (offered === undefined) return PROTOCOLS.at(-1);
  const theirs = split(offered);
  return PROTOCOLS.find((protocol) => theirs.includes(protocol));
}
