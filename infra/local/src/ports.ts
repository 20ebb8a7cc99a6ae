// Owns: finding ports. Free ones are drawn below the range from which the kernel takes ports for outgoing connections.
// A port is ours from the draw on, long before its service listens: the UDP socket of the same number holds it against
// other runners on this machine, and the kernel lets go of it with us.
import { createSocket, type Socket } from 'node:dgram';
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

const held = new Map<number, Socket>();

const hold = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    if (held.has(port)) return resolve(false);
    const socket = createSocket('udp4');
    held.set(port, socket);
    socket.once('error', () => {
      held.delete(port);
      socket.close();
      resolve(false);
    });
    socket.bind({ port, address: '127.0.0.1', exclusive: true }, () => {
      socket.unref();
      resolve(true);
    });
  });

/** Others may have the port again. */
export function releasePort(port: number): void {
  held.get(port)?.close();
  held.delete(port);
}

async function take(port: number): Promise<boolean> {
  if (!(await hold(port))) return false;
  if (await portIsFree(port)) return true;
  releasePort(port);
  return false;
}

export async function freePort(): Promise<number> {
  for (;;) {
    const port = LOW + Math.floor(Math.random() * (HIGH - LOW));
    if (await take(port)) return port;
  }
}

/** The asked port, or a free one for 0. @throws Fault when it is in use. */
export async function claimPort(port: number, setting: string): Promise<number> {
  if (port === 0) return freePort();
  if (!(await take(port))) throw new Fault(`port ${port} is in use: stop what listens there, or set ${setting}`);
  return port;
}
