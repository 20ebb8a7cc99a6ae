// The instances of a service: a fixed list of URLs, or every address that DNS has for a name.
import dns from 'node:dns';
import { Resolver } from 'node:dns/promises';

export interface Instances {
  /**
   * Base URLs in a stable order. The same array until it changes; empty while DNS has not answered.
   */
  current(): readonly string[];
  /** Asks DNS at once: an instance was not where DNS said. */
  refresh(): void;
}

const SCHEME = 'dns+http:';
const POLL_MS = 2000;
/** Between two questions, however many connections break. */
const MIN_PAUSE_MS = 100;
const ANSWER_MS = 1000;
const TRIES = 2;

interface Name {
  host: string;
  port: string;
}

const isName = (url: string): boolean => url.startsWith(SCHEME);

function nameOf(url: string): Name {
  const { hostname, port } = new URL(url.slice('dns+'.length));
  return { host: hostname, port: port || '80' };
}

/** A pod with an address of each family must count once: IPv6 counts only without IPv4. */
async function addressesOf(resolver: Resolver, { host, port }: Name): Promise<string[]> {
  const none = (): string[] => [];
  const v4 = await resolver.resolve4(host).catch(none);
  if (v4.length > 0) return v4.map((address) => `http://${address}:${port}`);
  return (await resolver.resolve6(host).catch(none)).map((address) => `http://[${address}]:${port}`);
}

/**
 * @param urls `http://host:port`, or `dns+http://name:port` for all addresses of a full name. Names
 * are asked for every 2 s. While DNS does not answer, or has no address, the last ones stay.
 */
export function createInstances(urls: string[]): Instances {
  const fixed = urls.filter((url) => !isName(url));
  const names = urls.filter(isName).map(nameOf);
  if (names.length === 0) return { current: () => fixed, refresh: () => undefined };

  const resolver = new Resolver({ timeout: ANSWER_MS, tries: TRIES });
  // Not a named import: `setServers` replaces the function.
  resolver.setServers(dns.getServers());
  const known = new Map<Name, string[]>();
  let list: readonly string[] = fixed;
  let asking = false;
  let askedAt = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;

  function askIn(ms: number): void {
    clearTimeout(timer);
    timer = setTimeout(ask, ms).unref();
  }

  async function ask(): Promise<void> {
    asking = true;
    askedAt = performance.now();
    await Promise.all(
      names.map(async (name) => {
        const found = await addressesOf(resolver, name);
        if (found.length > 0) known.set(name, found);
      }),
    );
    const next = [...new Set([...fixed, ...[...known.values()].flat()])].sort();
    if (next.join() !== list.join()) list = next;
    asking = false;
    askIn(POLL_MS);
  }

  void ask();
  return {
    current: () => list,
    refresh() {
      if (!asking) askIn(Math.max(0, askedAt + MIN_PAUSE_MS - performance.now()));
    },
  };
}
