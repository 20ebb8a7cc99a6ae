// Owns: "ack before frame" on the sender's own connection: which sends are still without an answer, and whom that holds up.
import type { Connection, RoomEvent, Send } from './node.ts';

/** Whether a send of this connection may have made it: what comes from the log, or by REST, does not name one. */
export const mayBeOwn = (c: Connection, { origin, sender }: RoomEvent): boolean =>
  origin === c.id || (origin === '' && sender === c.user.id);

/** The sends that an event with this seq might belong to; undefined: its ack was written, or it never had one here. */
export function unansweredFor(c: Connection, room: string, seq: number): Send[] | undefined {
  if (c.sends === undefined || (c.acked?.get(room) ?? 0) >= seq) return undefined;
  return [...c.sends];
}

export function isHeldUp(c: Connection, room: string, seq: number, after: Send[] | undefined): boolean {
  return after !== undefined && (c.acked?.get(room) ?? 0) < seq && after.some((send) => !send.done);
}

export function noteAck(c: Connection, room: string, seq: number): void {
  c.acked ??= new Map();
  if ((c.acked.get(room) ?? 0) < seq) c.acked.set(room, seq);
}

/** Forgets sends that have their answer; with the last of them, what was acknowledged. */
export function dropAnswered(c: Connection): void {
  while (c.sends?.[0]?.done) c.sends.shift();
  if (c.sends?.length === 0) {
    c.sends = undefined;
    c.acked = undefined;
  }
}
