// Receivers of webhooks that fail at random: they refuse, break the connection, or are slow.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { loginAs, makeWebhook } from './api.ts';
import type { History } from './checker.ts';
import type { Random } from './random.ts';
import { checkReceipts, type Receipt } from './receipts.ts';

export const CHAOS_ADMIN = { username: 'chaos-admin', password: 'copper-violet-meadow-27' };

const REFUSES = 0.02;
const BREAKS = 0.01;
const IS_SLOW = 0.05;
const SLOW_MS = 300;
/** A refused event comes again after up to 36 s, and a shard of a dead instance after 15 s. */
const SETTLE_MS = 90_000;

export interface ReceiversReport {
  receivers: number;
  /** Events that were taken, each once. */
  events: number;
  refused: number;
  /** Taken, and sent again: an instance died before it could record that. */
  again: number;
}

export interface Receivers {
  /** Waits until all have everything. @returns what is wrong. */
  judge(histories: History[]): Promise<string[]>;
  report(): ReceiversReport;
  stop(): void;
}

interface Receiver {
  url: string;
  receipts: Receipt[];
  refused(): number;
  stop(): void;
}

async function startReceiver(random: Random): Promise<Receiver> {
  const receipts: Receipt[] = [];
  let refused = 0;
  const server = createServer(async (req, res) => {
    const { data } = JSON.parse(await text(req)) as { data: { chat_id: string; seq: number } };
    const luck = random.next();
    if (luck < REFUSES + BREAKS) {
      refused++;
      return luck < REFUSES ? void res.writeHead(500).end() : void res.destroy();
    }
    if (luck < REFUSES + BREAKS + IS_SLOW) await sleep(SLOW_MS);
    receipts.push({ id: String(req.headers['webhook-id']), room: data.chat_id, seq: data.seq });
    return void res.writeHead(204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const stop = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { url, receipts, refused: () => refused, stop };
}

const distinct = (receipts: Receipt[]): number => new Set(receipts.map(({ id }) => id)).size;

/** Each gets all events of these rooms, from the first. */
export async function startReceivers(
  gateway: string,
  count: number,
  rooms: string[],
  random: Random,
): Promise<Receivers> {
  const token = await loginAs(gateway, CHAOS_ADMIN);
  const all = await Promise.all(Array.from({ length: count }, () => startReceiver(random)));
  for (const { url } of all) await makeWebhook(gateway, token, { url, events: ['*'], rooms, start: 'beginning' });
  const sum = (of: (receiver: Receiver) => number): number => all.reduce((total, one) => total + of(one), 0);
  return {
    async judge(histories) {
      const heads = new Map(
        histories.filter(({ room }) => rooms.includes(room)).map(({ room, last_seq }) => [room, last_seq]),
      );
      const due = [...heads.values()].reduce((total, last) => total + last, 0);
      const behind = (): boolean => all.some(({ receipts }) => distinct(receipts) < due);
      for (const end = Date.now() + SETTLE_MS; behind() && Date.now() < end; ) await sleep(200);
      return all.flatMap(({ receipts }, i) => checkReceipts(`receiver-${i}`, receipts, heads));
    },
    report: () => ({
      receivers: count,
      events: sum(({ receipts }) => distinct(receipts)),
      refused: sum(({ refused }) => refused()),
      again: sum(({ receipts }) => receipts.length - distinct(receipts)),
    }),
    stop: () => all.forEach(({ stop }) => void stop()),
  };
}
