// A model of the server in memory: room logs, one connection, replays that race with live frames.
import { Backoff } from '../src/backoff.ts';
import { ServerClock } from '../src/clock.ts';
import type { ChatApiError } from '../src/errors.ts';
import { type Frame, Machine } from '../src/machine.ts';
import type { Ack, Outgoing } from '../src/outbox.ts';

const EPOCH = '2026-01-01T12:00:00.000Z';
const HOUR_LATER = '2026-01-01T13:00:00.000Z';
export const hello: Frame = { type: 'hello', user_id: 'usr_me', server_time: EPOCH, token_expires_at: HOUR_LATER };

export interface Tracked extends Outgoing {
  ack?: Ack;
  error?: ChatApiError;
}

export function outgoing(clientId: string, frame: object = {}): Tracked {
  const tracked: Tracked = {
    clientId,
    text: JSON.stringify({ client_id: clientId, ...frame }),
    resolve: (ack) => {
      tracked.ack = ack;
    },
    reject: (error) => {
      tracked.error = error;
    },
  };
  return tracked;
}

export const newMachine = (): Machine => new Machine(new ServerClock(), new Backoff());

class Server {
  readonly logs = new Map<string, Frame[]>();
  /** The oldest event in a room's log; history has all. */
  readonly first = new Map<string, number>();
  connected = false;
  private readonly byClient = new Map<string, Frame>();
  private wire: Frame[] = [];
  private unread: Frame[] = [];

  constructor(rooms: string[]) {
    for (const room of rooms) {
      this.logs.set(room, []);
      this.first.set(room, 1);
    }
  }

  log(room: string): Frame[] {
    return this.logs.get(room) as Frame[];
  }

  append(room: string, clientId?: string): Frame {
    const seq = this.log(room).length + 1;
    const frame = { type: 'message', id: `${room}-${seq}`, content: 'c', chat_id: room, seq, client_id: clientId };
    this.log(room).push(frame);
    if (this.connected) this.wire.push(frame);
    return frame;
  }

  connect(): void {
    this.connected = true;
    this.wire = [hello];
    this.unread = [];
  }

  /**
   * Cuts the connection: frames in flight are lost in both directions, except the first `read`
   * frames of the client.
   */
  cut(read: number): void {
    for (let i = 0; i < read; i++) this.readOne();
    this.connected = false;
  }

  take(text: string): void {
    this.unread.push(JSON.parse(text) as Frame);
  }

  readOne(): void {
    const frame = this.unread.shift();
    if (frame?.type === 'resume') this.replay(frame.rooms as Record<string, number>);
    else if (frame?.message !== undefined) this.send(frame);
  }

  deliver(): Frame | undefined {
    return this.connected ? this.wire.shift() : undefined;
  }

  /** Duplicates the frames in flight. */
  double(): void {
    const [next] = this.wire;
    if (next !== undefined && next.type !== 'hello') this.wire.unshift(next);
  }

  private replay(rooms: Record<string, number>): void {
    const answer: Record<string, object> = {};
    for (const [room, from] of Object.entries(rooms)) {
      const log = this.log(room);
      const complete = (this.first.get(room) as number) - 1 <= from && from <= log.length;
      if (complete) this.wire.push(...log.slice(from));
      answer[room] = { from, to: complete ? log.length : from, complete };
    }
    this.wire.push({ type: 'resumed', rooms: answer });
  }

  private send(frame: Frame): void {
    const clientId = frame.client_id as string;
    const at = this.wire.length;
    const done = this.byClient.get(clientId) ?? this.append(frame.chat_id as string, clientId);
    this.byClient.set(clientId, done);
    this.wire.splice(at, 0, { type: 'ack', client_id: clientId, chat_id: done.chat_id, seq: done.seq });
  }
}

export type Step =
  | { act: 'append' | 'forget'; room: number }
  | { act: 'flush' | 'read' | 'deliver' | 'double' | 'place' }
  | { act: 'cut'; read: number }
  | { act: 'send'; room: number };

/** A machine and a server; a list of steps controls the network between them. */
export class World {
  readonly rooms = ['room0', 'room1', 'room2'];
  readonly server = new Server(this.rooms);
  readonly machine = newMachine();
  readonly seen = new Map<string, number[]>(this.rooms.map((room) => [room, []]));
  readonly sends: Tracked[] = [];
  private now = 0;

  constructor() {
    for (const room of this.rooms) this.machine.views.startAt(room, 0);
  }

  do(step: Step): void {
    this.now += 500;
    if (step.act === 'append') this.server.append(this.rooms[step.room] as string);
    else if (step.act === 'forget') this.forgetLog(this.rooms[step.room] as string);
    else if (step.act === 'send') this.send(this.rooms[step.room] as string);
    else if (step.act === 'cut') this.cut(step.read);
    else if (step.act === 'place') this.machine.hasPlace = !this.machine.hasPlace;
    else if (step.act === 'read') this.server.readOne();
    else if (step.act === 'double') this.server.double();
    else this[step.act]();
    this.takeEvents();
  }

  /** Runs until nothing changes any more. */
  settle(): void {
    this.machine.hasPlace = true;
    const events = [...this.server.logs.values()].reduce((sum, log) => sum + log.length, 0) + this.sends.length;
    for (let i = 0; i < 20 + 6 * events; i++) for (const act of ['deliver', 'flush', 'read'] as const) this.do({ act });
  }

  private send(room: string): void {
    const send = outgoing(`c${this.sends.length}`, { message: 'm', chat_id: room });
    this.sends.push(send);
    this.machine.send(send);
  }

  private forgetLog(room: string): void {
    this.server.first.set(room, this.server.log(room).length + 1);
  }

  private flush(): void {
    for (const text of this.machine.frames(this.now)) this.server.take(text);
  }

  private deliver(): void {
    if (!this.server.connected) {
      this.machine.connecting();
      this.server.connect();
    }
    const frame = this.server.deliver();
    if (frame !== undefined) this.machine.received(frame, this.now);
  }

  private cut(read: number): void {
    if (!this.server.connected) return;
    this.server.cut(read);
    this.machine.lost(this.now, 1006, 'cut');
  }

  private takeEvents(): void {
    for (const event of this.machine.takeEvents())
      if (event.type === 'message') this.seen.get(event.data.chat_id)?.push(event.data.seq);
    for (const room of this.machine.takeToFill()) this.fill(room);
  }

  /** Like `fill` of history.ts, in one step. */
  private fill(room: string): void {
    const { views } = this.machine;
    const end = this.server.log(room).length;
    for (let seq = (views.positions.get(room) as number) + 1; seq <= end; seq++) this.seen.get(room)?.push(seq);
    views.filledTo(room, end);
    views.filled(room);
  }
}
