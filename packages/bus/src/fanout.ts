// Owns: from records to signals: one PUBLISH per interested node, whatever number of rooms a batch touches.
// Guarantee: none; a signal is a hint. Who listens compares with the log.
import type { Redis } from 'ioredis';
import { INTEREST, nodeChannel, presentNodes } from './interest.ts';
import { encodeRecord, type PacketRecord } from './packet.ts';

// KEYS: interest map. ARGV: prefix of the nodes' channels, then topic and record by turns. Who wants what and the word to
// them is one round trip, and a record travels once however many nodes want it.
const PUBLISH = `
local wanting, packets = {}, {}
for i = 2, #ARGV, 2 do
  local topic = ARGV[i]
  if wanting[topic] == nil then
    wanting[topic] = {}
    for node in string.gmatch(redis.call('HGET', KEYS[1], topic) or '', '[^,]+') do table.insert(wanting[topic], node) end
  end
  for _, node in ipairs(wanting[topic]) do
    packets[node] = packets[node] or {}
    table.insert(packets[node], ARGV[i + 1])
  end
end
for node, records in pairs(packets) do redis.call('PUBLISH', ARGV[1] .. node, table.concat(records)) end`;

/** Redis does nothing else meanwhile. */
const RECORDS_A_CALL = 1000;

type Scripted = Redis & { chatapiPublish?(map: string, channels: string, ...records: string[]): Promise<null> };

/** Sends records to the nodes that want their topics, in the order given per node. @throws when Redis is away. */
export async function publishRecords(redis: Redis, records: PacketRecord[]): Promise<void> {
  const scripted = redis as Scripted;
  if (scripted.chatapiPublish === undefined) redis.defineCommand('chatapiPublish', { numberOfKeys: 1, lua: PUBLISH });
  for (let i = 0; i < records.length; i += RECORDS_A_CALL) {
    const some = records.slice(i, i + RECORDS_A_CALL).flatMap((record) => [record.topic, encodeRecord(record)]);
    await scripted.chatapiPublish?.(INTEREST.map, nodeChannel(''), ...some);
  }
}

/** Sends a frame to every connection of every node. @throws when Redis is away. */
export async function publishToEveryone(redis: Redis, frame: string): Promise<void> {
  const packet = encodeRecord({ kind: 'everyone', topic: '', room: '', seq: 0, sender: '', origin: '', frame });
  const pipeline = redis.pipeline();
  for (const node of await presentNodes(redis)) pipeline.publish(nodeChannel(node), packet);
  for (const [error] of (await pipeline.exec()) ?? []) if (error !== null) throw error;
}
