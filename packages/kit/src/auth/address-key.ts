import ipaddr from 'ipaddr.js';

/**
 * The key of rate limits per IP address: IPv6 by /64, since a user has at least that many
 * addresses. IPv4-mapped addresses count as IPv4.
 */
export function addressKey(ip: string): string {
  const bare = ip.split('%', 1)[0] as string;
  if (!bare.includes(':') || !ipaddr.IPv6.isValid(bare)) return ip;
  const address = ipaddr.process(bare);
  if (address.kind() === 'ipv4') return address.toString();
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${bare}/64`).toString()}/64`;
}
