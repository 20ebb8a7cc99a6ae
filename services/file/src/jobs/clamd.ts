// Client of clamd's INSTREAM command, over TCP or a Unix socket. Holds one chunk at a time.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** The name of the signature that was found, or null. */
export type Finding = string | null;
export type Scan = (source: AsyncIterable<Uint8Array>) => Promise<Finding>;

const IDLE_MS = 120_000;
const MAX_ANSWER_LENGTH = 4096;

const connectTo = ({ protocol, hostname, port, pathname }: URL): Socket =>
  protocol === 'unix:'
    ? connect(pathname)
    : connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 3310) });

/** @throws when clamd closed the connection or gave no verdict (as above its StreamMaxLength). */
function findingOf(answer: string): Finding {
  const [, verdict = ''] = /^stream: (.*)$/.exec(answer.replace(/\0.*$/s, '').trim()) ?? [];
  if (verdict === 'OK') return null;
  const [, name] = /^(.+) FOUND$/.exec(verdict) ?? [];
  if (name !== undefined) return name;
  throw new Error(
    `clamd gave no verdict: ${answer.replace(/[^\x20-\x7e]/g, '').slice(0, 200) || 'it closed the connection'}`,
  );
}

function readAnswer(socket: Socket): Promise<string> {
  let answer = '';
  return new Promise((resolve, reject) => {
    socket.setTimeout(IDLE_MS, () => socket.destroy(new Error('clamd did not answer')));
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1');
      if (answer.includes('\0') || answer.length > MAX_ANSWER_LENGTH) resolve(answer);
    });
    socket.once('close', () => resolve(answer));
    // An answer before the error counts: clamd closes in mid-stream when a file is too large.
    socket.once('error', (error) => (answer === '' ? reject(error) : resolve(answer)));
  });
}

async function send(socket: Socket, source: AsyncIterable<Uint8Array>): Promise<void> {
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const write = async (bytes: Uint8Array): Promise<void> => {
    if (socket.destroyed || socket.write(bytes)) return;
    await Promise.race([once(socket, 'drain').catch(() => undefined), closed]);
  };
  await write(Buffer.from('zINSTREAM\0'));
  const length = Buffer.alloc(4);
  for await (const chunk of source) {
    if (socket.destroyed) return;
    // A length of zero ends clamd's stream.
    if (chunk.length === 0) continue;
    length.writeUInt32BE(chunk.length);
    await write(Buffer.concat([length, chunk]));
  }
  await write(Buffer.alloc(4));
}

/** `url`: `tcp://host:3310` or `unix:///path`. */
export function createClamdScan(url: string): Scan {
  const target = new URL(url);
  return async (source) => {
    const socket = connectTo(target);
    const answer = readAnswer(socket);
    answer.catch(() => undefined);
    try {
      await send(socket, source);
      return findingOf(await answer);
    } finally {
      socket.destroy();
    }
  };
}
