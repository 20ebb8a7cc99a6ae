// Compares an app's view with the log. Pure functions, tested with planted faults.
import { createHash } from 'node:crypto';

/** seq, type, id, content, mentions, custom. */
type Entry = [number, string, string | null, string | null, string[] | null, object | null];

export interface RoomView {
  first: number;
  last: number;
  breaks: [number, number][];
  digest: string;
  entries?: Entry[];
}

export interface View {
  state: string;
  states: { state: string; code: number | null }[];
  resyncs: string[];
  errors: string[];
  /** Events that are not in a log: type, room or user, and what it says. */
  told: [string, string, number | string][];
  rooms: Record<string, RoomView>;
}

/** A room's history from its beginning: seq, id, content. */
export type Log = [number, string, string][];

const digestOf = (log: Log, first: number): string => {
  const digest = createHash('sha256');
  for (const [seq, id] of log) if (seq >= first) digest.update(`${seq} ${id}\n`);
  return digest.digest('hex');
};

const skipsMessages = ([before, seq]: [number, number], log: Log): boolean =>
  seq <= before || log.some(([at]) => at > before && at < seq);

/**
 * @param fromHistory whether a part came from history, which contains only messages.
 * @returns descriptions of the differences; empty if the view is the log from its first event to
 * `last`.
 */
export function differences(room: RoomView | undefined, log: Log, last: number, fromHistory = false): string[] {
  if (room === undefined) return ['no events of the room were received'];
  const found = room.breaks
    .filter((gap) => !fromHistory || skipsMessages(gap, log))
    .map(([before, seq]) => `${seq} came after ${before}`);
  if (room.last !== last) found.push(`it ends at ${room.last}, the log at ${last}`);
  if (room.digest !== digestOf(log, room.first)) found.push('its messages are not those of the log');
  return found;
}

export const contentsOf = (room: RoomView | undefined): (string | null)[] =>
  (room?.entries ?? []).filter(([, type]) => type === 'message').map(([, , , content]) => content);
