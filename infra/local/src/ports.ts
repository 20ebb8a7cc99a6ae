// Owns: finding ports. Free ones are drawn below the range from which the kernel takes ports for outgoing connections,
// at random, so that two clusters that start at the same moment don't draw the same.
import { createServer } from 'node:net';
import { Fault } from './fault.ts';

const LOW = 12_000;
const HIGH = 32_000;

const bindable = (port: number, host: string | undefined): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(true)));
  });

/** Free on all addresses, the IPv4 loopback included: a listener there would take `localhost` away from us. */
export const portIsFree = async (port: number): Promise<boolean> =>
  (await bindable(port, undefined)) && (await bindable(port, '127.0.0.1'));

const taken = new Set<number>();

export async function freePort(): Promise<number> {
  for (;;) {
    const port = LOW + Math.floor(Math.random() * (HIGH - LOW));
    if (taken.has(port) || !(await portIsFree(port))) continue;
    taken.add(port);
    return port;
  }
}

/** The asked port, or a free one for 0. @throws Fault when it is in use. */
export async function claimPort(port: number, setting: string): Promise<number> {
  if (port === 0) return freePort();
  if (taken.has(port) || !(await portIsFree(port)))
    throw new Fault(`port ${port} is in use: stop what listens there, or set ${setting}`);
  return port;
}
