// dnsmasq with a table of addresses that changes while clients ask.
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dnsmasq } from '@chatapi/local';

/** As of the records of a headless Service on Kubernetes. */
const TTL_S = 30;
const STOP_MS = 5000;
const OPTIONS = ['--keep-in-foreground', '--conf-file=/dev/null', '--no-resolv', '--no-hosts', '--pid-file='];
const LISTEN = ['--listen-address=127.0.0.1', '--bind-interfaces', '--user=', '--group=', '--log-facility=-'];

export interface NameServer {
  /** For `DNS_SERVERS`. */
  address: string;
  /** Replaces the addresses of a name. */
  publish(name: string, addresses: string[]): void;
  stop(): Promise<void>;
}

async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}

function started(child: ChildProcess): Promise<void> {
  let said = '';
  return new Promise((resolve, reject) => {
    child.stderr?.on('data', (chunk) => {
      said += chunk;
      if (said.includes('started, version')) resolve();
    });
    child.once('exit', (code) => reject(new Error(`dnsmasq ended with ${code}: ${said}`)));
    child.once('error', reject);
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const hard = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  child.kill('SIGTERM');
  await once(child, 'exit');
  clearTimeout(hard);
}

export async function startNameServer(): Promise<NameServer> {
  const { file, env } = dnsmasq();
  const folder = mkdtempSync(join(tmpdir(), 'chatapi-dns-'));
  const hosts = join(folder, 'hosts');
  const records = new Map<string, string[]>();
  const write = (): void => {
    const lines = [...records].flatMap(([name, addresses]) => addresses.map((address) => `${address} ${name}\n`));
    writeFileSync(`${hosts}.new`, lines.join(''));
    renameSync(`${hosts}.new`, hosts);
  };
  write();
  const port = await freeUdpPort();
  const table = ['--local=/test/', `--addn-hosts=${hosts}`, `--local-ttl=${TTL_S}`, `--port=${port}`];
  const child = spawn(file, [...OPTIONS, ...LISTEN, ...table], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  await started(child);
  return {
    address: `127.0.0.1:${port}`,
    publish: (name, addresses) => {
      records.set(name, addresses);
      write();
      // It reads the table again.
      child.kill('SIGHUP');
    },
    stop: async () => {
      await end(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
