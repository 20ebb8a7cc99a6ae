import type { SignalCheck, Signals, TypingNotices } from '@chatapi/bus';
import type { Base, RecurringTask } from '@chatapi/kit';
import type { AccessVerifier, Credentials, FileLinks, RateLimiter, RevocationSet } from '@chatapi/kit/auth';
import type { Redis } from '@chatapi/kit/data';
import type { ServiceClient } from '@chatapi/kit/rpc';
import type { Config } from './config.ts';
import type { ConnectionLog } from './connections/connection-log.ts';
import type { FrameBudget } from './connections/frame-budget.ts';
import type { UpgradeBudget } from './connections/upgrade-budget.ts';
import type { LogReader } from './message-service/log-reader.ts';
import type { MembersReader } from './message-service/members-reader.ts';
import type { MessageFrames } from './message-service/message-frames.ts';
import type { Positions } from './message-service/positions.ts';
import type { SendQueue } from './message-service/send-queue.ts';
import type { StreamBases } from './message-service/stream-bases.ts';
import type { NodeMetrics } from './metrics.ts';
import type { Topics } from './rooms/topics.ts';
import type { Connection, Link, LocalUser, Room, Serials } from './state.ts';
import type { Writer } from './wire/writer.ts';

export interface Gaps {
  /** Notes that the room's log reaches `head`; missing events are read. */
  noteHead(room: Room, head: number): void;
}

export interface ConnectionLimit {
  count(c: Connection): void;
  uncount(c: Connection): void;
}

export interface PresenceAnnouncer {
  /** Publishes that the user is online, unless another node already has them. */
  announce(user: LocalUser): void;
}

export interface OnlineReporter {
  /** The user may have come or gone; which of both is found at the next report. */
  noteChange(userId: string): void;
  /** Starts the periodic reports. */
  start(node: Node): RecurringTask;
}

export interface Reconciler {
  /** Compares everything now, since signals were lost. */
  compareAll(): void;
  close(): Promise<void>;
}

export interface StaffFeed {
  /** The caller has checked the role. */
  add(c: Connection): void;
  /** Ends it for a user who is staff no more. */
  recheck(userId: string): void;
  close(): Promise<void>;
}

export interface Subscription {
  close(): Promise<void>;
}

/** What handlers receive. */
export interface Node extends Base<Config> {
  /** Unique per process, so that a restarted instance does not inherit its predecessor's topics. */
  id: string;
  draining: boolean;
  redis: Redis;
  signals: Signals;
  signalCheck: SignalCheck;
  auth: ServiceClient;
  message: ServiceClient;
  userService: ServiceClient;
  admin: ServiceClient;
  verifier: AccessVerifier;
  revocations: RevocationSet;
  credentials: Credentials;
  limiter: RateLimiter;
  frameBudget: FrameBudget;
  upgradeBudget: UpgradeBudget;
  fileLinks: FileLinks;
  connections: Map<string, Connection>;
  users: Map<string, LocalUser>;
  rooms: Map<string, Room>;
  lagging: Set<Connection>;
  link: Link;
  serials: Serials;
  roomLog: LogReader;
  messageFrames: MessageFrames;
  /** Of the admin service. */
  staffFrames: MessageFrames;
  members: MembersReader;
  streamBases: StreamBases;
  topics: Topics;
  online: OnlineReporter;
  gaps: Gaps;
  writer: Writer;
  sends: SendQueue;
  positions: Positions;
  connectionLimit: ConnectionLimit;
  presence: PresenceAnnouncer;
  typing: TypingNotices;
  nodeMetrics: NodeMetrics;
  staffFeed: StaffFeed;
  connectionLog: ConnectionLog;
}

/** The node with its subscription and timers. */
export interface Context extends Node {
  subscription: Subscription;
  reconciler: Reconciler;
  heartbeat: RecurringTask;
  onlineReporting: RecurringTask;
}
