// Owns: the state of one realtime connection, over all the sockets that it goes through. No I/O and no clock of its own.
// Who drives it says what happened and the monotonic time in milliseconds, then does what `frames` and the `take…` methods
// say. The tests drive this same machine.
import type { Backoff } from './backoff.ts';
import { epochOf, margin, type ServerClock } from './clock.ts';
import { ChatApiError, CLIENT_CLOSED, errorOfFrame } from './errors.ts';
import type { AnyEvent, RealtimeState, StateChange } from './events.ts';
import { Heartbeat } from './heartbeat.ts';
import { type Ack, Outbox, type Outgoing } from './outbox.ts';
import { type Resumed, Views } from './views.ts';

export const TOKEN_ENDED = 4401;
const BANNED = 4403;
const LEAST_TOKEN_WAIT_MS = 1000;

/** They bear a `seq` of something else, or none. */
const NOT_IN_A_LOG = new Set(['message_status', 'typing', 'user_status', 'room_joined', 'room_removed']);

export type Frame = Record<string, unknown>;

export class Machine {
  state: RealtimeState = 'idle';
  readonly views = new Views();
  readonly outbox = new Outbox();
  readonly heartbeat = new Heartbeat();
  userId: string | undefined;
  retryAt = 0;
  /** Why it is closed for good; undefined where the app closed it. */
  error: ChatApiError | undefined;
  /** Set by who drives: whether the app can be given more events now. */
  hasPlace = true;
  readonly #clock: ServerClock;
  readonly #backoff: Backoff;
  #openedAt = 0;
  #renewAt: number | undefined;
  #tokenDue = false;
  #waiting: object[] = [];
  #reads = new Map<string, number>();
  #events: AnyEvent[] = [];
  #toFill: string[] = [];
  readonly #own: Record<string, (frame: Frame, now: number) => void> = {
    hello: (frame, now) => this.#onHello(frame, now),
    ack: (frame) => this.outbox.takeBack(String(frame.client_id))?.resolve(frame as unknown as Ack),
    error: (frame, now) => this.#onError(frame, now),
    authenticated: (frame, now) => this.#planRenewal(frame, now),
    resumed: (frame) => void this.#toFill.push(...this.views.resumed(frame.rooms as Record<string, Resumed>)),
    room_removed: (frame) => this.#onRoomRemoved(frame),
    pong: (_, now) => this.heartbeat.pong(now),
  };

  constructor(clock: ServerClock, backoff: Backoff) {
    this.#clock = clock;
    this.#backoff = backoff;
  }

  /** For good. */
  get isClosed(): boolean {
    return this.state === 'closed';
  }

  // What happened.

  connecting(): void {
    this.#move('connecting');
  }

  received(frame: Frame, now: number): void {
    this.heartbeat.heard(now);
    // The seed's message has no type.
    const kind = frame.type ?? ('id' in frame && 'content' in frame ? 'message' : undefined);
    if (typeof kind !== 'string') return;
    if (Object.hasOwn(this.#own, kind)) this.#own[kind]?.(frame, now);
    else this.#tell(kind, frame);
  }

  /** The socket, or the attempt at one, ended. `code`: the close code, or the HTTP status of a refusal. */
  lost(now: number, code: number | undefined, reason: string, retryAfterMs = 0): void {
    if (this.state === 'closed') return;
    const held = this.state === 'connected' ? now - this.#openedAt : 0;
    this.outbox.disconnected();
    this.heartbeat.stop();
    this.#waiting = [];
    this.#renewAt = undefined;
    this.#tokenDue = false;
    if (code === BANNED) {
      this.close(new ChatApiError('AUTHORIZATION_ERROR', reason || 'banned', { status: 403 }), code);
      return;
    }
    const retryInMs = Math.max(this.#backoff.next(held), retryAfterMs);
    this.retryAt = now + retryInMs;
    this.#move('waiting', { code, reason, retryInMs });
  }

  /** For good: whatever still waits for an answer is told so. */
  close(error?: ChatApiError, code?: number): void {
    if (this.state === 'closed') return;
    this.error = error;
    this.#move('closed', { code, reason: error?.message ?? 'closed by the app' });
    const told = error ?? new ChatApiError(CLIENT_CLOSED, 'The connection was closed before the answer');
    for (const message of this.outbox.clear()) message.reject(told);
  }

  /** The network or the page is back: no reason to wait any longer, and one to look whether the socket still lives. */
  nudge(now: number): void {
    this.retryAt = now;
    this.heartbeat.doubt(now);
  }

  tick(now: number): void {
    if (this.state !== 'connected') return;
    if (this.heartbeat.isDue(now)) this.#waiting.push({ type: 'ping' });
    if (this.#renewAt === undefined || now < this.#renewAt) return;
    this.#renewAt = undefined;
    this.#tokenDue = true;
  }

  // What the app wants.

  send(message: Outgoing): void {
    if (this.state === 'closed') message.reject(overOf(this));
    else this.outbox.add(message);
  }

  typing(chatId: string): void {
    if (this.state === 'connected') this.#waiting.push({ type: 'typing', chat_id: chatId });
  }

  read(chatId: string, seq: number): void {
    this.#reads.set(chatId, Math.max(seq, this.#reads.get(chatId) ?? 0));
  }

  /** A fresh token for the live socket, as `takeTokenDue` wanted. */
  renewed(token: string): void {
    if (this.state === 'connected') this.#waiting.push({ type: 'auth', token });
  }

  // What is to be done.

  /** Frames to write now, in this order. */
  frames(now: number): string[] {
    if (this.state !== 'connected') return [];
    const frames = this.#waiting;
    this.#waiting = [];
    if (this.hasPlace) frames.push(...this.views.resumes());
    for (const [chat_id, seq] of this.#reads) frames.push({ type: 'read', chat_id, seq });
    this.#reads.clear();
    return [...frames.map((frame) => JSON.stringify(frame)), ...this.outbox.due(now)];
  }

  /** When to `tick` and look for frames again; undefined: only when something happens. */
  nextTick(): number | undefined {
    const times = [this.#renewAt, this.outbox.heldUntil, this.heartbeat.next].filter((at) => at !== undefined);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  takeEvents(): AnyEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  /** Rooms to read from history after their position; then `views.filled`. */
  takeToFill(): string[] {
    const rooms = this.#toFill;
    this.#toFill = [];
    return rooms;
  }

  /** Whether a fresh token is wanted for the live socket; then `renewed`. */
  takeTokenDue(): boolean {
    const due = this.#tokenDue;
    this.#tokenDue = false;
    return due;
  }

  // The server's own frames.

  #onHello(frame: Frame, now: number): void {
    const userId = String(frame.user_id);
    if (userId !== (this.userId ?? userId)) {
      // What waits to be sent is not this one's to say.
      this.close(new ChatApiError('AUTHORIZATION_ERROR', 'The token is another user’s now', { status: 403 }), 403);
      return;
    }
    this.userId = userId;
    this.#clock.exact(frame.server_time, now);
    this.#openedAt = now;
    this.heartbeat.start(now);
    this.#planRenewal(frame, now);
    this.views.connected();
    this.#move('connected');
  }

  #onError(frame: Frame, now: number): void {
    const error = errorOfFrame(frame);
    if (typeof frame.client_id !== 'string') this.#events.push({ type: 'error', data: error });
    else this.outbox.refused(frame.client_id, error, now)?.reject(error);
  }

  #onRoomRemoved(frame: Frame): void {
    this.#tell('room_removed', frame);
    this.views.forget(String(frame.chat_id));
  }

  #planRenewal(frame: Frame, now: number): void {
    const ends = epochOf(frame.token_expires_at);
    const serverNow = this.#clock.at(now);
    if (ends === undefined || serverNow === undefined) return;
    const left = ends - serverNow;
    this.#renewAt = now + Math.max(LEAST_TOKEN_WAIT_MS, left - margin(left));
  }

  #tell(kind: string, frame: Frame): void {
    const { chat_id: chatId, seq } = frame;
    if (typeof seq === 'number' && typeof chatId === 'string' && !NOT_IN_A_LOG.has(kind)) {
      const mine = frame.user_id === this.userId;
      if (kind === 'member_joined' && mine) this.views.startAt(chatId, seq - 1);
      if (!this.views.take(chatId, seq, this.hasPlace)) return;
      if (kind === 'member_left' && mine) this.views.forget(chatId);
    } else if (!this.hasPlace) return;
    this.#events.push({ type: kind, data: frame } as unknown as AnyEvent);
  }

  #move(to: RealtimeState, why: Omit<StateChange, 'from' | 'to'> = {}): void {
    if (to === this.state) return;
    this.#events.push({ type: 'state', data: { from: this.state, to, ...why } });
    this.state = to;
  }
}

/** Why nothing more can be asked of it. */
export const overOf = (machine: Machine): ChatApiError =>
  machine.error ?? new ChatApiError(CLIENT_CLOSED, 'The connection is closed');
