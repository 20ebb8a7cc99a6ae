// Owns: from records to signals: one PUBLISH per interested node, whatever number of rooms a batch touches.
// Guarantee: none; a signal is a hint. Who listens compares with the log.
import type { Redis } from 'ioredis';
import { nodeChannel, nodesOf, presentNodes } from './interest.ts';
import { encodeRecord, type PacketRecord } from './packet.ts';

export interface Publication extends PacketRecord {
  /** A node that has it already: the one whose call made it gets it with the answer. */
  told?: string;
}

/** Sends records to the nodes that want their topics, in the order given per node. @throws when Redis is away. */
export async function publishRecords(redis: Redis, records: Publication[]): Promise<void> {
  const topics = [...new Set(records.map(({ topic }) => topic))];
  const nodes = new Map((await nodesOf(redis, topics)).map((list, i) => [topics[i] as string, list]));
  const packets = new Map<string, string[]>();
  for (const record of records) {
    const wanting = (nodes.get(record.topic) ?? []).filter((node) => node !== record.told);
    if (wanting.length === 0) continue;
    const text = encodeRecord(record);
    for (const node of wanting) {
      const packet = packets.get(node);
      packet === undefined ? packets.set(node, [text]) : packet.push(text);
    }
  }
  // No pipeline: ioredis makes one at the price of two commands. Nor a script: it would cost Redis several times as much.
  await Promise.all([...packets].map(([node, parts]) => redis.publish(nodeChannel(node), parts.join(''))));
}

/** Sends a frame to every connection of every node. @throws when Redis is away. */
export async function publishToEveryone(redis: Redis, frame: string): Promise<void> {
  const packet = encodeRecord({ kind: 'everyone', topic: '', room: '', seq: 0, sender: '', origin: '', frame });
  await Promise.all((await presentNodes(redis)).map((node) => redis.publish(nodeChannel(node), packet)));
}
