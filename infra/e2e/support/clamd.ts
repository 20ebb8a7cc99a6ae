// clamd for tests: a TCP server that speaks INSTREAM as clamd 1.4 was seen to, or, where TEST_CLAMD
// names the program, clamd itself with one signature of ours. Both find what holds the EICAR test's
// words.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@chatapi/kit/testing';

export interface Clamd {
  url: string;
  /** Goes away, and comes back at the same address. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

const FOUND = 'EICAR-STANDARD-ANTIVIRUS-TEST-FILE';
/** Signatures that the makers of clamd did not sign are named like this. */
export const SIGNATURE = 'Eicar-Signature.UNOFFICIAL';
export const STREAM_LIMIT = 2 * 1024 * 1024;
const COMMAND = 'zINSTREAM\0';

/** What clamd says to what has come so far; undefined: it waits for more. */
function answerTo(all: Buffer): string | undefined {
  if (all.length < COMMAND.length) return undefined;
  if (all.subarray(0, COMMAND.length).toString('latin1') !== COMMAND) return 'UNKNOWN COMMAND\0';
  const parts: Buffer[] = [];
  let left = STREAM_LIMIT;
  for (let at = COMMAND.length; at + 4 <= all.length; ) {
    const length = all.readUInt32BE(at);
    if (length === 0) return Buffer.concat(parts).includes(FOUND) ? `stream: ${SIGNATURE} FOUND\0` : 'stream: OK\0';
    // By the announced length, before the bytes have come.
    if (length > left) return 'INSTREAM size limit exceeded. ERROR\0';
    parts.push(all.subarray(at + 4, at + 4 + length));
    left -= length;
    at += 4 + length;
  }
  return undefined;
}

function serve(socket: Socket): void {
  const chunks: Buffer[] = [];
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    const answer = answerTo(Buffer.concat(chunks));
    if (answer !== undefined) socket.removeAllListeners('data').end(answer);
  });
}

async function startFake(): Promise<Clamd> {
  let port = 0;
  let server: Server;
  const sockets = new Set<Socket>();
  const start = async (): Promise<void> => {
    server = createServer((socket) => {
      sockets.add(socket.on('close', () => sockets.delete(socket)));
      serve(socket);
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  };
  await start();
  return {
    url: `tcp://127.0.0.1:${port}`,
    start,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

async function startReal(program: string): Promise<Clamd> {
  const folder = mkdtempSync(join(tmpdir(), 'clamd-'));
  const [db, socket, settings] = ['db', 'clamd.sock', 'clamd.conf'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  mkdirSync(db);
  writeFileSync(join(db, 'own.ndb'), `Eicar-Signature:0:*:${Buffer.from(FOUND).toString('hex')}\n`);
  const lines = [
    `DatabaseDirectory ${db}`,
    `LocalSocket ${socket}`,
    `StreamMaxLength ${STREAM_LIMIT}`,
    'Foreground yes',
  ];
  writeFileSync(settings, [...lines, 'User root', ''].join('\n'));
  let child: ChildProcess;
  const start = async (): Promise<void> => {
    child = spawn(program, ['-c', settings], { stdio: 'ignore' });
    await eventually(() => once(connect(socket), 'connect'), 20_000);
  };
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
    rmSync(socket, { force: true });
  };
  await start();
  return { url: `unix://${socket}`, start, stop };
}

export const startClamd = (): Promise<Clamd> =>
  process.env.TEST_CLAMD === undefined ? startFake() : startReal(process.env.TEST_CLAMD);
