// A DNS server for tests: answers A and AAAA questions from a table.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

export interface DnsServer {
  /** For `dns.setServers` and `DNS_SERVERS`. */
  address: string;
  /** Addresses by name; IPv4 or IPv6. A name without an entry does not exist. */
  records: Map<string, string[]>;
  questions: number;
  stop(): Promise<void>;
}

const A = 1;
const AAAA = 28;
const NXDOMAIN = 3;
const HEADER = 12;
const TTL_S = 30;

function readName(query: Buffer): { name: string; end: number } {
  const labels: string[] = [];
  let at = HEADER;
  for (let size = query[at] as number; size > 0; size = query[at] as number) {
    labels.push(query.toString('latin1', at + 1, at + 1 + size));
    at += size + 1;
  }
  return { name: labels.join('.').toLowerCase(), end: at + 1 };
}

const v4 = (address: string): Buffer => Buffer.from(address.split('.').map(Number));

/** Without an embedded IPv4 address. */
function v6(address: string): Buffer {
  const [left = '', right = ''] = address.split('::');
  const groups = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((part) => Number.parseInt(part, 16));
  const [head, tail] = [groups(left), groups(right)];
  const all = [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail];
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 255]));
}

function answer(type: number, data: Buffer): Buffer {
  const head = Buffer.alloc(12);
  // A pointer to the name of the question.
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(TTL_S, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function respond(query: Buffer, records: Map<string, string[]>): Buffer {
  const { name, end } = readName(query);
  const type = query.readUInt16BE(end);
  const addresses = records.get(name);
  const data = (addresses ?? []).filter((address) => address.includes(':') === (type === AAAA));
  const answers = type === A || type === AAAA ? data.map((one) => answer(type, type === A ? v4(one) : v6(one))) : [];
  const head = Buffer.alloc(HEADER);
  query.copy(head, 0, 0, 2);
  head.writeUInt16BE(0x8580 | (addresses === undefined ? NXDOMAIN : 0), 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(answers.length, 6);
  return Buffer.concat([head, query.subarray(HEADER, end + 4), ...answers]);
}

export async function startDnsServer(records = new Map<string, string[]>()): Promise<DnsServer> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const server: DnsServer = {
    address: `127.0.0.1:${socket.address().port}`,
    records,
    questions: 0,
    stop: () => new Promise((resolve) => socket.close(() => resolve())),
  };
  socket.on('message', (query, { port, address }) => {
    server.questions++;
    socket.send(respond(query, records), port, address);
  });
  return server;
}
