// A client of server-sent events for tests: `EventSource` from npm, which reconnects by itself and
// goes on after the last id. All events in order; frames are checked against the documents.
import EventSource from 'eventsource';
import type { Json } from './client.ts';
import { gateway } from './cluster.ts';
import { checkFrame } from './documents.ts';

/** Events of the stream itself, which are no frames. */
const OWN = ['live', 'resync', 'close'];
const FRAMES = [
  'hello',
  'message',
  'message_updated',
  'message_deleted',
  'reaction',
  'member_joined',
  'member_left',
  'room_updated',
  'room_joined',
  'room_removed',
  'typing',
  'user_status',
  'message_status',
  'read',
];

interface StreamEvent {
  type: string;
  data: Json;
  id: string;
}

export interface Streamed {
  events: StreamEvent[];
  /** Durable events of a room, in order of arrival. */
  seqs(room: string): number[];
  count(type: string): number;
  lastId(): string;
  close(): void;
}

const open: EventSource[] = [];

/** @param id where to go on; by default the stream begins as its path says. */
export function listen(token: string, path: string, url: string = gateway(), id?: string): Streamed {
  const headers = { Authorization: `Bearer ${token}`, ...(id === undefined ? {} : { 'Last-Event-ID': id }) };
  const source = new EventSource(url + path, { headers });
  open.push(source);
  const events: StreamEvent[] = [];
  for (const type of [...OWN, ...FRAMES])
    source.addEventListener(type, ({ data, lastEventId }) => {
      const frame = JSON.parse(data);
      events.push({ type, data: frame, id: lastEventId });
      if (!OWN.includes(type)) setImmediate(() => checkFrame(frame));
    });
  return {
    events,
    seqs: (room) =>
      events.flatMap(({ type, data }) =>
        data.chat_id === room && typeof data.seq === 'number' && !OWN.includes(type) && type !== 'message_status'
          ? [data.seq]
          : [],
      ),
    count: (type) => events.filter((event) => event.type === type).length,
    lastId: () => events.at(-1)?.id ?? '',
    close: () => source.close(),
  };
}

/** For `afterEach`. */
export function closeStreams(): void {
  for (const source of open.splice(0)) source.close();
}
