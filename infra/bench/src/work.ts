// What is measured, as the load generator's process is told, and what it tells back.

export interface Person {
  id: string;
  token: string;
}

/** How a system's sockets are spoken to. */
export type DialectName = 'chatapi' | 'bare' | 'socket.io';

export interface Place {
  dialect: DialectName;
  /** Realtime nodes; person i is on node i mod n. */
  nodes: string[];
  /** For REST. */
  gateway?: string;
  /** The service behind the gateway, and what person i shows it. */
  straight?: { url: string; headers: Record<string, string>[] };
  people: Person[];
  /** Of whom all people are members. */
  room: string;
  /** They are in no room of the others. */
  outsiders?: Person[];
}

export type Work =
  /** One sender into the room of all people, `inFlight` messages under way at any time. */
  | { kind: 'room'; inFlight: number; messages: number }
  /** The same at a steady pace, where nothing can be joined. */
  | { kind: 'paced'; perSecond: number; messages: number }
  /** People 2i and 2i+1 write to each other, each next message when the last has arrived. */
  | { kind: 'pairs'; pairs: number; seconds: number }
  /** Sends by REST, or reads of a room's newest page; through the gateway or straight at the service behind it. */
  | { kind: 'rest'; what: 'send' | 'read'; through: 'gateway' | 'service'; parallel: number; seconds: number }
  /** Connections that do nothing. */
  | { kind: 'idle'; connections: number }
  /** Connections whose node is killed; they continue on the other one. `missed` messages a room come while they are away. */
  | { kind: 'cut'; connections: number; missed: number }
  /** Pages of a long room, `depth` messages below its newest one. */
  | { kind: 'history'; depth: number; pages: number }
  /** The room's people are all on the first node; on the second sit others, who get nothing. */
  | { kind: 'silent'; messages: number; others: number }
  /** A steady stream of reads; in the midst of it so many logins at once. */
  | { kind: 'logins'; logins: number; perSecond: number; seconds: number }

  /** Nothing: what the processes do anyway; a unit is a second. */
  | { kind: 'still'; seconds: number }
  /** Two members of a room speak and hear, in `rooms` of the rooms with this prefix in turn; see `membersOf`. */
  | { kind: 'speak'; prefix: string; rooms: number; connected: number; inFlight: number; messages: number };

export interface Result {
  /** Deliveries, messages or connections that were done in `ms`. */
  units: number;
  ms: number;
  /** One per unit or a sample of them. */
  latencies: number[];
  /** Deliveries that should have come and did not, or came twice; undefined where nothing is delivered. */
  lost?: number;
  doubled?: number;
  /** What a figure alone would not say. */
  note?: string;
}

export type Order = { place: Place; work: Work };
/** The parent takes the CPU times at `begin` (killing the first node before, if `kill`) and at `done`. */
export type Told =
  | { told: 'begin'; kill?: boolean }
  | { told: 'done'; result: Result }
  | { told: 'failed'; reason: string };
