// Publishes records as signals: one PUBLISH per interested node, for any number of rooms.
// Signals may be lost: nodes compare with the room log.
import type { Redis } from 'ioredis';
import { nodeChannel, nodesOf, presentNodes } from './interest-map.ts';
import { encodeRecord, type PacketRecord } from './packet.ts';

export interface Publication extends PacketRecord {
  /** Node that gets no signal, because it gets the record in the response to its call. */
  excludeNode?: string;
}

/** Per node, records keep their order. @throws when Redis is down. */
export async function publishRecords(redis: Redis, records: Publication[]): Promise<void> {
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
  await Promise.all([...packets].map(([node, parts]) => redis.publish(nodeChannel(node), parts.join(''))));
}

/** Sends a frame to every connection of every node. @throws when Redis is down. */
export async function publishToEveryone(redis: Redis, frame: string): Promise<void> {
  const packet = encodeRecord({ kind: 'everyone', topic: '', room: '', seq: 0, sender: '', origin: '', frame });
  await Promise.all((await presentNodes(redis)).map((node) => redis.publish(nodeChannel(node), packet)));
}
