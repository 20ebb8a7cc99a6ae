// The in-memory state of a realtime node, which can be rebuilt from the log, Redis and the clients.
import type { Socket } from 'node:net';
import type { AccessClaims } from '@chatapi/kit/auth';
import type { WebSocket } from 'ws';
import type { ResumedRoom } from './wire/node-frames.ts';

/** An event on its way to connections; `frame` is the encoded WebSocket frame. */
export interface RoomEvent {
  seq: number;
  sender: string;
  /** Id of the connection that sent it; '' if unknown. */
  origin: string;
  frame: Buffer;
  /** Has file links, which are signed for each reader. */
  files: boolean;
}

/** A client's message from its frame to its ack. */
export interface Send {
  connection: Connection;
  /** Given by the client, or null. */
  client_id: string | null;
  /** Body for /internal/sends; the node makes a client_id if the client gave none. */
  body: {
    chat_id?: string;
    recipient_id?: string;
    attachments?: string[];
    client_id: string;
  } & Record<string, unknown>;
  request_id: string;
  /** Bytes of the client's frame, for the size limit of a batch. */
  size: number;
  /** Milliseconds since the epoch after which the send is not retried. */
  deadline: number;
  done: boolean;
}

/** A room's events for one connection that can't get live frames at the moment: see feed.ts. */
export interface Feed {
  room: string;
  /** Seq that was written last. */
  at: number;
  /** The room's position when the feed began, where a refused resume continues. */
  began: number;
  /** The user is no member: rights are checked with each page, and there are no live frames. */
  guest: boolean;
  /** Live frames that wait for an ack; undefined: the feed reads from the log. */
  held: { event: RoomEvent; after: Send[] | undefined }[] | undefined;
  heldBytes: number;
  /** An event of the log that may be the connection's own and waits for these sends. */
  block: { seq: number; after: Send[] } | undefined;
  /** Events up to this seq need not wait for acks. */
  cleared: number;
  /** The room's head at the first read of a resume: not complete before this seq; -1: unset. */
  goal: number;
  reading: boolean;
  /** Waits for its turn: nothing is read for it yet. */
  parked: boolean;
  resume: Resume | undefined;
}

export interface Resume {
  left: number;
  rooms: Record<string, { from: number; to: number; complete: boolean }>;
}

/** What carries a connection besides its bytes: a WebSocket, or a response that does not end. */
export type Transport = Pick<WebSocket, 'readyState' | 'OPEN' | 'pause' | 'resume' | 'ping' | 'close' | 'terminate'>;

/** A connection of server-sent events: what it gets, and as which text. */
export interface EventStream {
  /** The one room that it shows; undefined: all rooms of the user. */
  readonly room: string | undefined;
  /** Whether the live frames of this room are for it. */
  hears(room: string): boolean;
  /** It takes no events at the moment; `drained` is called when it does again. */
  readonly held: boolean;
  /** Whether it can take an event of this room now; if not, it is held. */
  canTake(room: string): boolean;
  event(room: string, seq: number, json: Buffer | string): Buffer;
  /** Undefined: such frames are not for it. */
  notice(json: Buffer): Buffer | undefined;
  /** The replay of a room ended where `to` says. */
  replayed(room: string, result: ResumedRoom): void;
  /** The user is no member of the room any more. */
  left(room: string): void;
  /** The room has new events, or what was unsent has drained. */
  wake(): void;
}

export interface Connection {
  id: string;
  transport: Transport;
  /** Undefined: a WebSocket. */
  stream: EventStream | undefined;
  socket: Socket;
  user: LocalUser;
  claims: AccessClaims;
  closed: boolean;
  /** Second of the heartbeat period in which this connection is checked. */
  slot: number;
  /** Pings since the client's last frame. */
  missedPongs: number;
  /** Since when a message has begun and not ended, in milliseconds since the epoch; 0: none. */
  unfinishedSince: number;
  /** Bad frames in a row. */
  badFrames: number;
  /** State frames asked for and not sent yet. */
  statesAsked: number;
  /** Frames of this event-loop turn, not written yet. */
  pendingFrames: Buffer[] | undefined;
  pendingBytes: number;
  feeds: Map<string, Feed> | undefined;
  /** Last replayed seq of rooms of which the user was no member yet: a join continues there. */
  replayedTo: Map<string, number> | undefined;
  /** Unanswered sends, oldest first. */
  sends: Send[] | undefined;
  /** Highest seq acknowledged per room, while `sends` is there. */
  acked: Map<string, number> | undefined;
  /** Keeps the order of sends that wait for the rate limit. */
  sendGate: Promise<void> | undefined;
  /** Set while more than HIGH_WATER bytes are unsent. */
  lag: { since: number; unsent: number } | undefined;
  laggedAt: number;
  paused: boolean;
  /** A run of frames over the budget: its first and its last frame, in epoch milliseconds. */
  excess: { since: number; last: number } | undefined;
  /** The client sent something after our close frame. */
  sentAfterClose: boolean;
}

interface Membership {
  room: Room;
  /** Seq at which this was true: older news is ignored. */
  since: number;
  /** When this node learned it (epoch ms): answers to earlier requests do not count. */
  noted: number;
}

export interface LocalUser {
  id: string;
  connections: Connection[];
  rooms: Map<string, Membership>;
  /** Seq at which rooms were left, by room. */
  leftAt: Map<string, number> | undefined;
  /** Is in a direct or small room, whose members see presence. */
  hasPresenceAudience: boolean;
  loading: Promise<void> | undefined;
  /** Upgrades in progress. */
  pins: number;
  /** When the last connection closed (epoch ms); 0 while there is one. */
  idleSince: number;
}

export interface Room {
  id: string;
  /** Seq of the last delivered event; -1 until the head is known. */
  position: number;
  /** Highest known seq of the log. */
  head: number;
  users: Set<LocalUser>;
  /** Streams that read the log themselves: of keys, and of people who are no members. */
  watchers: Set<Connection> | undefined;
  /** Of the room when its members were last compared; undefined: not known. */
  version: number | undefined;
  /** Events that arrived before their predecessors, by seq. */
  waiting: Map<number, RoomEvent> | undefined;
  opening: Promise<void> | undefined;
  /** Number of users being loaded into the room, during which it is not closed as idle. */
  expected: number;
  filling: boolean;
  /** When the last local member left (epoch ms); 0 while there is one. */
  idleSince: number;
}

/** What ids of this process are made of. */
export interface Serials {
  connectionPrefix: string;
  connections: number;
  clientIds: number;
}

export interface Link {
  /** Signals arrive: the node receives what it publishes to itself. */
  live: boolean;
}
