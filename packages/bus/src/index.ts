export { enterConnections, type ListedConnection, leaveConnections } from './connection-list.ts';
export { endWorker } from './end-worker.ts';
export * from './fact-types.ts';
export { startFacts } from './facts.ts';
export type { FactsRunner } from './facts-queue.ts';
export type {
  Follower,
  Item,
  LogEvent,
  LogPage,
  LogSource,
  Outcome,
  SeqAt,
  Task,
} from './followers/follower.ts';
export { type Followers, startFollowers } from './followers/followers.ts';
export { goBack, type Lag, lagOf, noteHeads, retryNow } from './followers/position-store.ts';
export { askComparison } from './followers/shard-store.ts';
export {
  enterTopics,
  leaveTopics,
  nodeChannel,
  nodesOf,
  presentNodes,
  removeNode,
  renewNode,
  retireNode,
  sweepNodes,
} from './interest-map.ts';
export { recordKeyAct } from './key-acts.ts';
export { factsMigrations, followerMigrations } from './migration.ts';
export { readConnections, reportAlive, reportOnline } from './online-users.ts';
export { factColumns, recordFact, recordFacts, withdrawFacts } from './outbox-store.ts';
export {
  type PacketRecord,
  type ReceivedRecord,
  roomTopic,
  userTopic,
} from './packet.ts';
export { publishRevocations, REVOCATIONS_CHANNEL, type Revocation } from './revocation.ts';
export { createSignalCheck, type SignalCheck } from './signal-check.ts';
export { createSignals, type Publication, type Signals } from './signals.ts';
export { createTypingNotices, type TypingFrame, type TypingNotices } from './typing.ts';
