// A reader of all rooms that behaves like a correct client: applies each room strictly in order and
// resumes after every loss.
import { checkConnection, type Event, type Stream } from './checker.ts';
import { keepConnected } from './socket.ts';

export interface Observer {
  name: string;
  streams: Stream[];
  /** Violations of the order on one connection. */
  breaches: string[];
  /** Time of the last applied event, and the longest time between two. */
  silence: { last: number; longest: number };
  /** The longest silence since the last call, in ms. */
  takeLongestSilence(): number;
  /** The seq up to which everything is applied. */
  applied(room: string): number;
  stop(): void;
}

const DURABLE = /^(message|message_updated|message_deleted|reaction|member_joined|member_left|room_updated)$/;

interface Connection {
  from: Map<string, number>;
  seqs: Map<string, number[]>;
  resumed: boolean;
}

export function observe(name: string, urls: string[], token: string, first: number, rooms: string[]): Observer {
  const streams = new Map(rooms.map((room) => [room, { observer: name, room, events: [] as Event[] }]));
  const at = new Map(rooms.map((room) => [room, 0]));
  const breaches: string[] = [];
  const silence = { last: Date.now(), longest: 0 };
  let recent = 0;
  let connection: Connection | undefined;

  function apply(frame: any): void {
    const { chat_id: room, seq } = frame;
    const stream = streams.get(room);
    if (stream === undefined || !DURABLE.test(frame.type)) return;
    connection?.seqs.get(room)?.push(seq);
    // Live frames before the replay are dropped: the replay brings them again.
    if (seq !== (at.get(room) ?? 0) + 1) return;
    at.set(room, seq);
    const isMessage = frame.type === 'message';
    stream.events.push({
      seq,
      type: frame.type,
      ...(isMessage ? { message_id: frame.id, client_id: frame.client_id } : {}),
    });
    const now = Date.now();
    silence.longest = Math.max(silence.longest, now - silence.last);
    recent = Math.max(recent, now - silence.last);
    silence.last = now;
  }

  function judge(ended: Connection): void {
    for (const [room, seqs] of ended.seqs) {
      const wrong = checkConnection(ended.from.get(room) ?? 0, seqs, ended.resumed);
      if (wrong !== undefined) breaches.push(`${name} in ${room}: ${wrong}`);
    }
  }

  const socket = keepConnected(urls, token, first, {
    live: (send) => {
      connection = { from: new Map(at), seqs: new Map(rooms.map((room) => [room, []])), resumed: false };
      send({ type: 'resume', rooms: Object.fromEntries(at) });
    },
    frame: (frame) => {
      if (frame.type !== 'resumed') return apply(frame);
      if (connection !== undefined) connection.resumed = true;
      for (const room of rooms) {
        if (frame.rooms[room]?.complete !== true) {
          breaches.push(`${name}: resume of ${room} answered ${JSON.stringify(frame.rooms[room])}`);
          socket.cut();
        }
      }
    },
    gone: () => {
      if (connection !== undefined) judge(connection);
      connection = undefined;
    },
  });

  return {
    name,
    streams: [...streams.values()],
    breaches,
    silence,
    takeLongestSilence() {
      const longest = Math.max(recent, Date.now() - silence.last);
      recent = 0;
      return longest;
    },
    applied: (room) => at.get(room) ?? 0,
    stop: () => {
      if (connection !== undefined) judge(connection);
      connection = undefined;
      socket.stop();
    },
  };
}
