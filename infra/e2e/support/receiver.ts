// A server that receives webhooks, and notes what it got.
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import type { Json } from './client.ts';

type MaybePromise<T> = T | Promise<T>;

interface Received {
  id: string;
  headers: IncomingHttpHeaders;
  text: string;
  body: Json;
  /** When it came, in ms. */
  at: number;
  /** Whether the answer was a success. */
  taken: boolean;
}

export interface Receiver {
  url: string;
  /** All requests, also those that were refused. */
  received: Received[];
  /** What it answers; default 204. `undefined`: nothing, and the request hangs. */
  answer(
    received: Received,
  ): MaybePromise<{ status: number; headers?: Record<string, string>; body?: string } | undefined>;
  /** Of one room: the seqs that it took, in the order of their first receipt. */
  firsts(room: string): number[];
  /** Waits until it has all of a room, in order. */
  expectRoom(room: string, seqs: number[], withinMs?: number): Promise<void>;
  stop(): void;
}

export async function startReceiver(): Promise<Receiver> {
  const self: Receiver = {
    url: '',
    received: [],
    answer: () => ({ status: 204 }),
    firsts(room) {
      const seqs = self.received
        .filter(({ body, taken }) => taken && body.data.chat_id === room)
        .map(({ body }) => body.data.seq);
      return [...new Set<number>(seqs)];
    },
    async expectRoom(room, seqs, withinMs = 10_000) {
      await eventually(() => expect(self.firsts(room)).to.deep.equal(seqs), withinMs);
    },
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
  const server = createServer((req, res) => {
    let text = '';
    req.on('data', (chunk) => (text += chunk));
    req.on('end', async () => {
      const { headers } = req;
      const one = {
        id: String(headers['webhook-id']),
        headers,
        text,
        body: JSON.parse(text),
        at: Date.now(),
        taken: false,
      };
      self.received.push(one);
      const answer = await self.answer(one);
      one.taken = answer !== undefined && answer.status < 300;
      if (answer !== undefined) res.writeHead(answer.status, answer.headers).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  self.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  return self;
}

export const seqsTo = (last: number, first = 1): number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);
