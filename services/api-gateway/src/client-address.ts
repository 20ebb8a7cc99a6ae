// Client address, scheme and host of a request. Forwarded headers count only when they come from a
// proxy in TRUSTED_PROXIES.
import type { IncomingMessage } from 'node:http';
import ipaddr from 'ipaddr.js';
import { LRUCache } from 'lru-cache';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Network = [Address, number];

export interface ClientAddress {
  ip: string;
  /** A trusted proxy says that the client used https. */
  secure: boolean;
  host: string;
}

/** Stricter than the library, which also accepts `10.1` and `0x7f.1`. */
const isAddress = (text: string): boolean => ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text);

/** `10.0.0.0/8`, `::1` or `192.0.2.7`; undefined for anything else. */
export function parseNetwork(text: string): Network | undefined {
  if (!isAddress(text.split('/', 1)[0] as string)) return undefined;
  if (text.includes('/')) return ipaddr.isValidCIDR(text) ? ipaddr.parseCIDR(text) : undefined;
  const address = ipaddr.process(text);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}

const contains = (address: Address, [network, bits]: Network): boolean =>
  address.kind() === network.kind() && address.match(network as never, bits);

/** Turns `::ffff:192.0.2.7`, as IPv6 listeners report IPv4 clients, into `192.0.2.7`. */
const unmapped = (text: string): string => (text.startsWith('::ffff:') && text.includes('.') ? text.slice(7) : text);

const MAX_CACHED = 1000;

export function createClientAddressReader(trusted: string[]): (req: IncomingMessage) => ClientAddress {
  const networks = trusted.map(parseNetwork).filter((network) => network !== undefined);
  const trustedByIp = new LRUCache<string, boolean>({ max: MAX_CACHED });
  const isTrusted = (ip: string): boolean => {
    const cached = trustedByIp.get(ip);
    if (cached !== undefined) return cached;
    const isProxy = isAddress(ip) && networks.some((network) => contains(ipaddr.process(ip), network));
    trustedByIp.set(ip, isProxy);
    return isProxy;
  };

  /**
   * Reads X-Forwarded-For from the right: the first address that is no trusted proxy is the client.
   * Everything left of it was sent by the client and proves nothing.
   */
  function clientBehind(peer: string, forwarded: string): string {
    let client = peer;
    for (const hop of forwarded.split(',').reverse()) {
      const ip = hop.trim();
      if (!isAddress(ip)) return client;
      client = unmapped(ip);
      if (!isTrusted(client)) return client;
    }
    return client;
  }

  return (req) => {
    const peer = unmapped(req.socket.remoteAddress ?? '');
    const host = req.headers.host ?? '';
    if (networks.length === 0 || !isTrusted(peer)) return { ip: peer, secure: false, host };
    const {
      'x-forwarded-for': forwarded = '',
      'x-forwarded-proto': scheme,
      'x-forwarded-host': forwardedHost,
    } = req.headers;
    return {
      ip: clientBehind(peer, String(forwarded)),
      secure: scheme === 'https',
      host: typeof forwardedHost === 'string' ? forwardedHost : host,
    };
  };
}
