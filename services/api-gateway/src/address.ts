// Owns: which address a request comes from, and over what. A header counts only when the peer is a proxy that we were told of.
import type { IncomingMessage } from 'node:http';
import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Network = [Address, number];

export interface Origin {
  ip: string;
  /** The client came by https, as far as our proxy says. */
  secure: boolean;
  host: string;
}

/** Four numbers or IPv6: the library also takes `10.1` and `0x7f.1`, which nobody means. */
const isAddress = (text: string): boolean => ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text);

/** `10.0.0.0/8`, `::1` or `192.0.2.7`; undefined for anything else. */
export function parseNetwork(text: string): Network | undefined {
  if (!isAddress(text.split('/', 1)[0] as string)) return undefined;
  if (text.includes('/')) return ipaddr.isValidCIDR(text) ? ipaddr.parseCIDR(text) : undefined;
  const address = ipaddr.process(text);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}

const within = (address: Address, [network, bits]: Network): boolean =>
  address.kind() === network.kind() && address.match(network as never, bits);

/** An IPv4 address stays one when it comes over an IPv6 listener. */
const plain = (text: string): string => (text.startsWith('::ffff:') && text.includes('.') ? text.slice(7) : text);

const REMEMBERED = 1000;

export function openAddresses(trusted: string[]): (req: IncomingMessage) => Origin {
  const networks = trusted.map(parseNetwork).filter((network) => network !== undefined);
  const known = new Map<string, boolean>();
  const isTrusted = (ip: string): boolean => {
    const before = known.get(ip);
    if (before !== undefined) return before;
    const found = isAddress(ip) && networks.some((network) => within(ipaddr.process(ip), network));
    if (known.size >= REMEMBERED) known.clear();
    known.set(ip, found);
    return found;
  };

  /** From the right: the first that is no proxy of ours is the client; what stands left of it is only said by it. */
  function through(peer: string, forwarded: string): string {
    let client = peer;
    for (const hop of forwarded.split(',').reverse()) {
      const ip = hop.trim();
      if (!isAddress(ip)) return client;
      client = plain(ip);
      if (!isTrusted(client)) return client;
    }
    return client;
  }

  return (req) => {
    const peer = plain(req.socket.remoteAddress ?? '');
    const host = req.headers.host ?? '';
    if (networks.length === 0 || !isTrusted(peer)) return { ip: peer, secure: false, host };
    const { 'x-forwarded-for': forwarded = '', 'x-forwarded-proto': proto, 'x-forwarded-host': named } = req.headers;
    return {
      ip: through(peer, String(forwarded)),
      secure: proto === 'https',
      host: typeof named === 'string' ? named : host,
    };
  };
}

/** Whom a limit per address counts: an IPv6 user has at least a /64 to choose from. */
export function budgetOf(ip: string): string {
  if (!ip.includes(':') || !ipaddr.IPv6.isValid(ip)) return ip;
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${ip.split('%', 1)[0]}/64`).toString()}/64`;
}
