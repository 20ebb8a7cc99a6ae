// Names to addresses by c-ares and not by getaddrinfo, whose threads also hash passwords: a slow
// DNS server of somebody else must not delay logins. It reads no /etc/hosts.
import dns from 'node:dns';
import { Resolver } from 'node:dns/promises';

/** @throws Error when there is no address. */
export type ResolveName = (name: string) => Promise<string[]>;

const ANSWER_MS = 1500;
const TRIES = 2;

export function createResolveName(): ResolveName {
  const resolver = new Resolver({ timeout: ANSWER_MS, tries: TRIES });
  // Not a named import: `setServers` replaces the function.
  resolver.setServers(dns.getServers());
  return async (name) => {
    const [v4, v6] = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
    const found = [v4, v6].flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
    if (found.length === 0) throw (v4 as PromiseRejectedResult).reason;
    return found;
  };
}
