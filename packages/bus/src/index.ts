export * from './catalog.ts';
export { enterConnections, type ListedConnection, leaveConnections } from './connection-list.ts';
export { endWorker } from './end-worker.ts';
export { type FactsOptions, type FactsRunner, startFacts } from './facts.ts';
export { type Publication, publishRecords, publishToEveryone } from './fanout.ts';
export {
  enterTopics,
  leaveTopics,
  NODE_LEASE_MS,
  nodeChannel,
  nodesOf,
  presentNodes,
  removeNode,
  renewNode,
  retireNode,
  sweepNodes,
} from './interest.ts';
export { factsMigration } from './migration.ts';
export { type NodeStats, readConnections, showAlive, tellOnline } from './online.ts';
export { factHead, type OutboxRow, tellFact, untellFacts } from './outbox-store.ts';
export {
  decodePacket,
  encodeRecord,
  type PacketRecord,
  type ReceivedRecord,
  type RecordKind,
  roomTopic,
  userTopic,
} from './packet.ts';
export { publishRevocations, REVOCATIONS_CHANNEL, type Revocation } from './revocation.ts';
