// Owns: the shapes of what a realtime node holds in memory. All of it can be lost: the log, Redis and the clients have the rest.
import type { KeyObject } from 'node:crypto';
import type { Socket } from 'node:net';
import type { AccessClaims, AccessVerifier, Base, FileLinks, Limiter, Peer, Redis, RevocationSet } from '@chatapi/kit';
import type { WebSocket } from 'ws';
import type { Config } from './config.ts';
import type { ConnectionLimit } from './connection-limit.ts';
import type { Figures } from './figures.ts';
import type { Holes } from './holes.ts';
import type { LogReader } from './log-reader.ts';
import type { MembersReader } from './members-reader.ts';
import type { Online } from './online.ts';
import type { Positions } from './positions.ts';
import type { Arrivals } from './presence.ts';
import type { Sends } from './sends.ts';
import type { Topics } from './topics.ts';
import type { Writer } from './writer.ts';

/** A durable record on its way to connections; `frame` holds the bytes of the WebSocket frame. */
export interface RoomEvent {
  seq: number;
  sender: string;
  /** Connection that sent it; '' for none. */
  origin: string;
  frame: Buffer;
  /** Bears files: everybody gets the links to them signed for themself. */
  files: boolean;
}

/** A client's message from its frame to its ack. */
export interface Send {
  connection: Connection;
  /** As the client gave it; null: it gave none. */
  client_id: string | null;
  /** The whole body for message's batch door, with a node-made client_id where the client gave none. */
  body: {
    chat_id?: string;
    recipient_id?: string;
    content: string;
    attachments?: string[];
    reply_to?: string;
    client_id: string;
  };
  request_id: string;
  /** Bytes of the client's frame: how much of a batch it takes. */
  size: number;
  /** Milliseconds since epoch after which nobody tries again. */
  deadline: number;
  done: boolean;
}

/** What one connection gets of one room while it can't get live frames as they come. See feed.ts. */
export interface Feed {
  room: string;
  /** Last seq that was written. */
  at: number;
  /** Live position when the feed began: where a refused resume goes on. */
  began: number;
  /** No member here: rights are asked with each page, and there is nothing live to join. */
  guest: boolean;
  /** Live frames that wait only for the ack before them; undefined: fed from the log. */
  held: { event: RoomEvent; after: Send[] | undefined }[] | undefined;
  heldBytes: number;
  /** An event of the log that may be this connection's own and waits for these sends to end. */
  block: { seq: number; after: Send[] } | undefined;
  /** Up to here no event waits for acks any more. */
  cleared: number;
  /** The room's head when a resume was first read: "complete" is not said before; -1: nothing is promised. */
  goal: number;
  reading: boolean;
  resume: Resume | undefined;
}

export interface Resume {
  left: number;
  rooms: Record<string, { from: number; to: number; complete: boolean }>;
}

export interface Connection {
  id: string;
  ws: WebSocket;
  socket: Socket;
  user: LocalUser;
  claims: AccessClaims;
  closed: boolean;
  /** Second of the heartbeat period in which this connection is looked at. */
  slot: number;
  /** Pings since the peer was last heard. */
  missed: number;
  /** Bad frames in a row. */
  bad: number;
  /** Frames of this turn, and their bytes. */
  out: Buffer[] | undefined;
  queued: number;
  feeds: Map<string, Feed> | undefined;
  /** How far rooms were replayed to it that it was in no news of being a member of: what joining must not repeat. */
  served: Map<string, number> | undefined;
  /** Sends without an answer, oldest first. */
  sends: Send[] | undefined;
  /** Highest seq acknowledged per room, while `sends` is there. */
  acked: Map<string, number> | undefined;
  /** Sends wait for the rate limit in their order. */
  gate: Promise<void> | undefined;
  /** Set while more than the high-water mark is unsent. */
  lag: { since: number; unsent: number } | undefined;
  laggedAt: number;
  paused: boolean;
}

export interface Membership {
  room: Room;
  /** Seq at which this was known to be so: older news is ignored. */
  since: number;
  /** When this node learned it (ms): what was asked before says nothing about it. */
  noted: number;
}

export interface LocalUser {
  id: string;
  connections: Connection[];
  rooms: Map<string, Membership>;
  /** Seq at which a room was left. */
  left: Map<string, number> | undefined;
  /** Shares a direct or small room with somebody: presence is of interest. */
  hasPeers: boolean;
  loading: Promise<void> | undefined;
  /** Upgrades under way. */
  pins: number;
  /** When the last connection went (ms); 0 while there is one. */
  idleSince: number;
}

export interface Room {
  id: string;
  /** Seq of the last record handed to the members; -1 until the head is known. */
  position: number;
  /** Highest seq heard of. */
  head: number;
  users: Set<LocalUser>;
  /** Records that came before their predecessors. */
  waiting: Map<number, RoomEvent> | undefined;
  opening: Promise<void> | undefined;
  /** Users that are being loaded and will be in it: it must not be closed as idle meanwhile. */
  expected: number;
  filling: boolean;
  /** When the last local member went (ms); 0 while there is one. */
  idleSince: number;
}

export interface Link {
  /** Signals arrive: the own heartbeat is heard and all topics are entered. */
  live: boolean;
}

export interface Node extends Base<Config> {
  /** Unique per process: a restarted instance must not inherit the topics of the one before. */
  id: string;
  /** Opens the seals of the door. */
  key: KeyObject;
  draining: boolean;
  redis: Redis;
  auth: Peer;
  message: Peer;
  people: Peer;
  verifier: AccessVerifier;
  revocations: RevocationSet;
  limiter: Limiter;
  links: FileLinks;
  connections: Map<string, Connection>;
  users: Map<string, LocalUser>;
  rooms: Map<string, Room>;
  lagging: Set<Connection>;
  link: Link;
  roomLog: LogReader;
  members: MembersReader;
  topics: Topics;
  online: Online;
  holes: Holes;
  writer: Writer;
  sends: Sends;
  positions: Positions;
  limit: ConnectionLimit;
  arrivals: Arrivals;
  figures: Figures;
}
