// What is measured, as the load generator's process is told, and what it tells back.

export interface Person {
  id: string;
  token: string;
}

export interface Place {
  /** Realtime nodes; person i is on node i mod n. */
  nodes: string[];
  /** For REST; only the product has one. */
  gateway?: string;
  people: Person[];
  /** Of whom all people are members. */
  room: string;
}

export type Work =
  /** One sender into the room of all people, `inFlight` messages under way at any time. */
  | { kind: 'room'; inFlight: number; messages: number }
  /** The same at a steady pace, where nothing can be joined. */
  | { kind: 'paced'; perSecond: number; messages: number }
  /** People 2i and 2i+1 write to each other, each next message when the last has arrived. */
  | { kind: 'pairs'; pairs: number; seconds: number }
  /** Sends by REST. */
  | { kind: 'rest'; parallel: number; seconds: number }
  /** Connections that do nothing. */
  | { kind: 'idle'; connections: number };

export interface Result {
  /** Deliveries, messages or connections that were done in `ms`. */
  units: number;
  ms: number;
  /** One per unit or a sample of them. */
  latencies: number[];
}

export type Order = { place: Place; work: Work };
/** The parent takes the CPU times at `begin` and at `done`. */
export type Told = { told: 'begin' } | { told: 'done'; result: Result } | { told: 'failed'; reason: string };
