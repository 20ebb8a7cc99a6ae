// A node without network: real rooms, feeds, gaps and writer; the log is an array, sockets record
// writes.
import { setImmediate as turn } from 'node:timers/promises';
import { createFileLinks } from '@chatapi/kit/auth';
import type { Node } from '../src/context.ts';
import type { LogReader } from '../src/message-service/log-reader.ts';
import { createGaps } from '../src/rooms/gaps.ts';
import { makeRoom } from '../src/rooms/rooms.ts';
import type { Connection, LocalUser, Room, RoomEvent } from '../src/state.ts';
import { roomEvent } from '../src/wire/room-event.ts';
import { createWriter } from '../src/wire/writer.ts';

export const eventOf = (seq: number, sender = 'someone', origin = ''): RoomEvent =>
  roomEvent(seq, sender, origin, JSON.stringify({ seq }));

/** Payloads of the text frames in these bytes. */
export function payloads(bytes: Buffer): unknown[] {
  const found: unknown[] = [];
  for (let at = 0; at < bytes.length; ) {
    const short = (bytes[at + 1] as number) & 0x7f;
    const header = short < 126 ? 2 : short === 126 ? 4 : 10;
    const size = short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : bytes.readUInt32BE(at + 6);
    found.push(JSON.parse(bytes.toString('utf8', at + header, at + header + size)));
    at += header + size;
  }
  return found;
}

class FakeSocket {
  writableLength = 0;
  /** Simulates a client that does not read. */
  stalled = false;
  written: Buffer[] = [];
  private waiting: (() => void)[] = [];
  write(bytes: Buffer, done?: () => void): boolean {
    this.written.push(bytes);
    if (this.stalled) this.writableLength += bytes.length;
    if (done !== undefined) this.stalled ? this.waiting.push(done) : setImmediate(done);
    return !this.stalled;
  }
  drain(): void {
    this.writableLength = 0;
    for (const done of this.waiting.splice(0)) done();
  }
  get frames(): any[] {
    return payloads(Buffer.concat(this.written));
  }
  get seqs(): number[] {
    return this.frames.flatMap(({ seq }) => (seq === undefined ? [] : [seq]));
  }
}

interface Log {
  events: RoomEvent[];
  first: number;
  readable: boolean;
  reads: number;
}

const reader = (log: Log): LogReader => ({
  async read(_room, after, limit) {
    log.reads++;
    await turn();
    const last_seq = log.events.length;
    const events = log.events.slice(Math.max(after, log.first - 1), Math.max(after, log.first - 1) + limit);
    return { readable: log.readable, first_seq: log.first, last_seq, events };
  },
  async heads() {
    await turn();
    return new Map([['room', { seq: log.events.length, version: undefined }]]);
  },
});

export interface NodeFixture {
  node: Node;
  log: Log;
  room: Room;
  resumes: boolean[];
  append(n: number, sender?: string, origin?: string): RoomEvent[];
  join(id: string): { c: Connection; socket: FakeSocket; user: LocalUser };
}

export function createNodeFixture(): NodeFixture {
  const log: Log = { events: [], first: 1, readable: true, reads: 0 };
  const resumes: boolean[] = [];
  const node = {
    log: { debug: () => undefined, error: () => undefined },
    connections: new Map(),
    users: new Map(),
    rooms: new Map(),
    lagging: new Set(),
    link: { live: true },
    roomLog: reader(log),
    online: { noteChange: () => undefined, start: () => ({ close: async () => undefined }) },
    topics: { enter: async () => true, leave: async () => undefined, enterAll: async () => undefined, entered: true },
    writer: createWriter(),
    connectionLog: { opened: () => undefined, closed: () => undefined },
    fileLinks: createFileLinks({ FILE_LINK_SECRET: 'secret', FILE_URL_TTL: 60 }),
    members: { readStates: async () => new Map() },
    positions: { delivered: () => undefined, fed: () => undefined, read: () => undefined },
    nodeMetrics: {
      resumed: (complete: boolean) => resumes.push(complete),
      received: () => undefined,
      closed: () => undefined,
      signalled: () => undefined,
      filledGap: () => undefined,
    },
  } as unknown as Node;
  node.gaps = createGaps(() => node);
  const room = makeRoom(node, 'room', 0);
  return {
    node,
    log,
    room,
    resumes,
    append(n, sender, origin) {
      const fresh = Array.from({ length: n }, (_, i) => eventOf(log.events.length + i + 1, sender, origin));
      log.events.push(...fresh);
      return fresh;
    },
    join(id) {
      const user = { id: `usr_${id}`, connections: [], rooms: new Map() } as unknown as LocalUser;
      const socket = new FakeSocket();
      const transport = { readyState: 1, OPEN: 1, pause: () => undefined, resume: () => undefined };
      const c = {
        id,
        user,
        socket,
        transport,
        closed: false,
        pendingBytes: 0,
        paused: false,
        laggedAt: 0,
        missedPongs: 0,
        badFrames: 0,
        statesAsked: 0,
        claims: {},
      } as unknown as Connection;
      user.connections.push(c);
      user.rooms.set('room', { room, since: 0, noted: 0 });
      room.users.add(user);
      room.idleSince = 0;
      node.users.set(user.id, user);
      node.connections.set(id, c);
      return { c, socket, user };
    },
  };
}

/** Polls until the condition holds. @throws after `ms`. */
export async function until(holds: () => boolean, ms = 30_000): Promise<void> {
  for (const end = Date.now() + ms; !holds(); await new Promise((resolve) => setTimeout(resolve, 2))) {
    if (Date.now() > end) throw new Error('the condition did not hold in time');
  }
}

export const upTo = (n: number, from = 1): number[] => Array.from({ length: n - from + 1 }, (_, i) => from + i);
