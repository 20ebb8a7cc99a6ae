// Which addresses may be connected to on behalf of somebody else: those that are globally reachable
// (IANA special-purpose registries), and what the installation allows besides.
import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** An address and the length of its prefix. */
export type Range = [Address, number];

const range = (cidr: string): Range => ipaddr.parseCIDR(cidr);

/** Global ones, whatever else a registry calls them. */
const GLOBAL_V6 = range('2000::/3');
/** Stands for an IPv4 address where a network has only IPv6 (RFC 6052). */
const NAT64 = range('64:ff9b::/96');
/**
 * Look global and are not: documentation (RFC 9637), and the address under which Azure's machines
 * find their platform, certificates included.
 */
const NOT_GLOBAL = [range('3fff::/20'), range('168.63.129.16/32')];

/** @throws Error when it is no address range. A single address is a range too. */
export function rangeOf(text: string): Range {
  if (text.includes('/')) return range(text);
  const address = ipaddr.parse(text);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}

const isIn = (address: Address, [base, bits]: Range): boolean =>
  address.kind() === base.kind() && (address as ipaddr.IPv6).match(base as ipaddr.IPv6, bits);

const embeddedV4 = (address: ipaddr.IPv6): Address => ipaddr.fromByteArray(address.toByteArray().slice(-4));

function isGlobal(address: Address): boolean {
  if (NOT_GLOBAL.some((one) => isIn(address, one))) return false;
  if (address.kind() === 'ipv4') return address.range() === 'unicast';
  if (isIn(address, NAT64)) return isGlobal(embeddedV4(address as ipaddr.IPv6));
  return isIn(address, GLOBAL_V6) && address.range() === 'unicast';
}

/** @param text an address as DNS and URLs have it; an IPv4-mapped one is the IPv4 address. */
export function isReachable(text: string, allowed: readonly Range[]): boolean {
  if (!ipaddr.isValid(text)) return false;
  const address = ipaddr.process(text);
  return isGlobal(address) || allowed.some((one) => isIn(address, one));
}
