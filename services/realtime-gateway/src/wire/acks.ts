// "Ack before frame" on the sender's own connection: which of its sends are unanswered, and which
// events wait for them.
import type { Connection, RoomEvent, Send } from '../state.ts';

/** Whether the event may be of this connection. Events from the log or by REST name none. */
export const mayBeOwn = (c: Connection, { origin, sender }: RoomEvent): boolean =>
  origin === c.id || (origin === '' && sender === c.user.id);

/** The sends to which the event may belong; undefined if its ack was written or is not due here. */
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

/** Drops answered sends from the front; with the last one, also the acknowledged seqs. */
export function dropAnswered(c: Connection): void {
  while (c.sends?.[0]?.done) c.sends.shift();
  if (c.sends?.length === 0) {
    c.sends = undefined;
    c.acked = undefined;
  }
}
