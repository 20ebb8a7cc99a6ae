// Publishes records as signals: one PUBLISH per interested node, for any number of rooms. Each is
// signed for its node by the service that sends it, since whoever can write to Redis can publish.
// Signals may be lost: nodes compare with the room log.
import { randomBytes } from 'node:crypto';
import { macOf, type ServiceKeys } from '@chatapi/kit/auth';
import type { Redis } from 'ioredis';
import { nodeChannel, nodesOf, presentNodes } from './interest-map.ts';
import { encodeRecord, encodeSignature, type PacketRecord } from './packet.ts';

export interface Publication extends PacketRecord {
  /** Node that gets no signal, because it gets the record in the response to its call. */
  excludeNode?: string;
}

/** All of them throw when Redis is down. */
export interface Signals {
  /** To the nodes that are interested in each topic. Per node, records keep their order. */
  publish(records: Publication[]): Promise<void>;
  /** To one node. */
  toNode(node: string, record: PacketRecord): Promise<void>;
  /** A frame to every connection of every node. */
  toEveryone(frame: string): Promise<void>;
}

/**
 * @param redis one connection, which keeps the order of what is published.
 * @param keys of the sending service.
 */
export function createSignals(redis: Redis, keys: ServiceKeys): Signals {
  const key = keys.signing('signal', 'realtime-gateway');
  const process = randomBytes(9).toString('base64url');
  let count = 0;

  async function send(node: string, records: string): Promise<void> {
    const head = `${keys.self} ${process} ${++count}`;
    await redis.publish(nodeChannel(node), encodeSignature(head, macOf(key, `${node} ${head}\n`, records)) + records);
  }

  return {
    async publish(records) {
      const topics = [...new Set(records.map(({ topic }) => topic))];
      const nodes = new Map((await nodesOf(redis, topics)).map((list, i) => [topics[i] as string, list]));
      const packets = new Map<string, string[]>();
      for (const record of records) {
        const wanting = (nodes.get(record.topic) ?? []).filter((node) => node !== record.excludeNode);
        if (wanting.length === 0) continue;
        const text = encodeRecord(record);
        for (const node of wanting) {
          const packet = packets.get(node);
          packet === undefined ? packets.set(node, [text]) : packet.push(text);
        }
      }
      // An ioredis pipeline costs as much as two commands, a script several times as much in Redis.
      await Promise.all([...packets].map(([node, parts]) => send(node, parts.join(''))));
    },
    toNode: (node, record) => send(node, encodeRecord(record)),
    async toEveryone(frame) {
      const text = encodeRecord({ kind: 'everyone', topic: '', room: '', seq: 0, sender: '', origin: '', frame });
      await Promise.all((await presentNodes(redis)).map((node) => send(node, text)));
    },
  };
}
