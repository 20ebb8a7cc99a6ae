// Workloads, and the messages between the benchmark and the load generator.

export interface Person {
  id: string;
  token: string;
}

/** The socket protocol of a system. */
export type DialectName = 'chatapi' | 'bare' | 'socket.io';

export interface Place {
  dialect: DialectName;
  /** URLs of the realtime nodes; person i is on node i mod n. */
  nodes: string[];
  /** URL for REST requests. */
  gateway?: string;
  /** The service behind the gateway, and the headers of person i for it. */
  straight?: { url: string; headers: Record<string, string>[] };
  people: Person[];
  /** The room of all people. */
  room: string;
  /** Users without common rooms. */
  outsiders?: Person[];
}

export type Work =
  /** One sender in the room of all people, with `inFlight` messages in flight. */
  | { kind: 'room'; inFlight: number; messages: number }
  /** The same at a fixed rate, where nothing can be batched. */
  | { kind: 'paced'; perSecond: number; messages: number }
  /** People 2i and 2i+1 write to each other, each next message after the last has arrived. */
  | { kind: 'pairs'; pairs: number; seconds: number }
  /**
   * REST sends, or reads of a room's newest page; through the gateway or directly at the service.
   */
  | { kind: 'rest'; what: 'send' | 'read'; through: 'gateway' | 'service'; parallel: number; seconds: number }
  /** Idle connections. */
  | { kind: 'idle'; connections: number }
  /**
   * Connections whose node is killed and which reconnect to the other one. `missed` messages per
   * room are sent meanwhile.
   */
  | { kind: 'cut'; connections: number; missed: number }
  /** Pages of a long room, `depth` messages before its newest one. */
  | { kind: 'history'; depth: number; pages: number }
  /**
   * All members of the room are on the first node; on the second are others, who receive nothing.
   */
  | { kind: 'silent'; messages: number; others: number }
  /** A steady stream of reads, with a burst of logins in the middle. */
  | { kind: 'logins'; logins: number; perSecond: number; seconds: number }

  /** No load: the background work of the processes; a unit is a second. */
  | { kind: 'still'; seconds: number }
  /**
   * Two members of a room send and receive, in `rooms` rooms with this prefix in turn; see
   * `membersOf`.
   */
  | { kind: 'speak'; prefix: string; rooms: number; connected: number; inFlight: number; messages: number };

export interface Result {
  /** Deliveries, messages or connections completed in `ms`. */
  units: number;
  ms: number;
  /** In ms, one per unit or a sample of them. */
  latencies: number[];
  /** Missing or duplicate deliveries; undefined if nothing is delivered. */
  lost?: number;
  duplicated?: number;
  /** Additional information for the table. */
  note?: string;
}

export type Order = { place: Place; work: Work };
/**
 * The parent reads the CPU times at `begin` (after killing the first node, if `kill`) and at
 * `done`.
 */
export type LoadMessage =
  | { type: 'begin'; kill?: boolean }
  | { type: 'done'; result: Result }
  | { type: 'failed'; reason: string };
