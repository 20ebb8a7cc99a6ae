import ipaddr from 'ipaddr.js';

/** The network of a home or an office: IPv4 by /24, IPv6 by /48. Other text is left as it is. */
export function networkOf(ip: string): string {
  const bare = ip.split('%', 1)[0] as string;
  if (!ipaddr.isValid(bare)) return ip;
  const address = ipaddr.process(bare);
  const prefix = address.kind() === 'ipv4' ? 24 : 48;
  const cidr = `${address.toString()}/${prefix}`;
  const first = prefix === 24 ? ipaddr.IPv4.networkAddressFromCIDR(cidr) : ipaddr.IPv6.networkAddressFromCIDR(cidr);
  return `${first.toString()}/${prefix}`;
}
