// Chooses ports outside the kernel's range for outgoing connections, which could otherwise take the
// port of a restarting service. A chosen port is reserved against other runners by a UDP socket of
// the same number until this process ends.
import { createSocket, type Socket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { UserError } from './user-error.ts';

const KERNEL_RANGE = '/proc/sys/net/ipv4/ip_local_port_range';
const [MIN_PORT, MAX_PORT] = [10_000, 65_535];

/** @returns the wider of the ranges below and above the kernel's: first port, and last port + 1. */
export function rangeBeside([first, last]: [number, number]): [number, number] {
  const [below, above] = [first - MIN_PORT, MAX_PORT - last];
  if (Math.max(below, above) < 500) return [MIN_PORT, MAX_PORT];
  return below >= above ? [MIN_PORT, first] : [last + 1, MAX_PORT + 1];
}

function kernelRange(): [number, number] {
  try {
    const [first, last] = readFileSync(KERNEL_RANGE, 'utf8').trim().split(/\s+/).map(Number);
    return [first ?? 32_768, last ?? 60_999];
  } catch {
    // macOS starts here.
    return [49_152, MAX_PORT];
  }
}

const [LOW, HIGH] = rangeBeside(kernelRange());

const bindable = (port: number, host: string | undefined): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(true)));
  });

/**
 * Whether the port is free on all addresses and on the IPv4 loopback, where another listener would
 * receive requests to `localhost`.
 */
export const portIsFree = async (port: number): Promise<boolean> =>
  (await bindable(port, undefined)) && (await bindable(port, '127.0.0.1'));

const reserved = new Map<number, Socket>();

const reserve = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    if (reserved.has(port)) return resolve(false);
    const socket = createSocket('udp4');
    reserved.set(port, socket);
    socket.once('error', () => {
      reserved.delete(port);
      socket.close();
      resolve(false);
    });
    socket.bind({ port, address: '127.0.0.1', exclusive: true }, () => {
      socket.unref();
      resolve(true);
    });
  });

/** Ends the reservation of a port. */
export function releasePort(port: number): void {
  reserved.get(port)?.close();
  reserved.delete(port);
}

async function tryReserve(port: number): Promise<boolean> {
  if (!(await reserve(port))) return false;
  if (await portIsFree(port)) return true;
  releasePort(port);
  return false;
}

export async function freePort(): Promise<number> {
  for (;;) {
    const port = LOW + Math.floor(Math.random() * (HIGH - LOW));
    if (await tryReserve(port)) return port;
  }
}

/**
 * Reserves the requested port, or a free one for 0.
 * @throws UserError when it is in use.
 */
export async function claimPort(port: number, setting: string): Promise<number> {
  if (port === 0) return freePort();
  if (!(await tryReserve(port)))
    throw new UserError(`port ${port} is in use: stop the process that listens there, or set ${setting}`);
  return port;
}
