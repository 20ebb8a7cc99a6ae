// The state machine of a realtime connection over all its sockets, without I/O or a clock. Its
// driver reports what happened with the monotonic time in ms, and performs what `frames` and the
// `take…` methods return. Tests drive the same machine.
import type { Backoff } from './backoff.ts';
import { epochOf, margin, type ServerClock } from './clock.ts';
import { ChatApiError, CLIENT_CLOSED, errorOfFrame, errorOfLoss } from './errors.ts';
import type { AnyEvent, RealtimeState, StateChange } from './events.ts';
import { Heartbeat } from './heartbeat.ts';
import { type Ack, Outbox, type Outgoing } from './outbox.ts';
import { Reads } from './reads.ts';
import { type Resumed, Views } from './room-positions.ts';
import { StatePages } from './state-pages.ts';
import { TooManyConnections } from './too-many-connections.ts';

export const TOKEN_ENDED = 4401;
const BANNED = 4403;
/** Delay when the server refused a frame without a retry delay. */
const DEFAULT_RETRY_MS = 1000;
const LEAST_TOKEN_WAIT_MS = 1000;

/** Frames whose `seq` is not a place in the room's log, or missing. */
const NOT_IN_A_LOG = new Set(['message_status', 'typing', 'user_status', 'room_joined', 'room_removed']);

const STAFF = { type: 'staff_subscribe' };

export type Frame = Record<string, unknown>;

export class Machine {
  state: RealtimeState = 'idle';
  readonly views = new Views();
  readonly outbox = new Outbox();
  readonly heartbeat = new Heartbeat();
  /** undefined: the app does not show rooms. */
  readonly pages: StatePages | undefined;
  readonly #tooMany = new TooManyConnections();
  userId: string | undefined;
  retryAt = 0;
  /** Why the last connection or attempt ended. */
  lastLoss: ChatApiError | undefined;
  /** Why it is closed permanently; undefined if the app closed it. */
  error: ChatApiError | undefined;
  /** Set by the driver: whether the app can take more events. */
  hasPlace = true;
  readonly #clock: ServerClock;
  readonly #backoff: Backoff;
  #openedAt = 0;
  #renewAt: number | undefined;
  #tokenDue = false;
  /** The server accepts no frames until then. */
  #heldUntil: number | undefined;
  #isRenewing = false;
  #watchesStaff = false;
  #waiting: object[] = [];
  readonly #reads = new Reads();
  #events: AnyEvent[] = [];
  #toFill: string[] = [];
  readonly #own: Record<string, (frame: Frame, now: number) => void> = {
    hello: (frame, now) => this.#onHello(frame, now),
    ack: (frame) => this.outbox.takeBack(String(frame.client_id))?.resolve(frame as unknown as Ack),
    error: (frame, now) => this.#onError(frame, now),
    authenticated: (frame, now) => this.#planRenewal(frame, now),
    resumed: (frame) => this.#onResumed(frame.rooms as Record<string, Resumed>),
    state: (frame) => this.pages?.took(frame, this.views),
    room_removed: (frame) => this.#onRoomRemoved(frame),
    pong: (_, now) => this.heartbeat.pong(now),
  };

  constructor(clock: ServerClock, backoff: Backoff, showsRooms = false) {
    this.#clock = clock;
    this.#backoff = backoff;
    this.pages = showsRooms ? new StatePages() : undefined;
  }

  /** Permanently. */
  get isClosed(): boolean {
    return this.state === 'closed';
  }

  /** Whether it waits because there were too many connections or frames. */
  get isCrowded(): boolean {
    return this.state === 'waiting' && this.#tooMany.isHere;
  }

  // Input: what happened.

  connecting(): void {
    this.#move('connecting');
  }

  received(frame: Frame, now: number): void {
    this.heartbeat.heard(now);
    // A message frame of the original API has no type.
    const kind = frame.type ?? ('id' in frame && 'content' in frame ? 'message' : undefined);
    if (typeof kind !== 'string') return;
    if (Object.hasOwn(this.#own, kind)) this.#own[kind]?.(frame, now);
    else this.#tell(kind, frame);
  }

  /**
   * The socket or the connection attempt ended. `code`: close code, or HTTP status of a refusal.
   */
  lost(now: number, code: number | undefined, reason: string, retryAfterMs = 0): void {
    if (this.state === 'closed') return;
    const held = this.state === 'connected' ? now - this.#openedAt : 0;
    this.outbox.disconnected();
    this.heartbeat.stop();
    this.#waiting = [];
    this.#renewAt = undefined;
    this.#tokenDue = false;
    this.#heldUntil = undefined;
    if (code === BANNED) {
      this.close(new ChatApiError('AUTHORIZATION_ERROR', reason || 'banned', { status: 403 }), code);
      return;
    }
    this.lastLoss = errorOfLoss(code, reason);
    const pause = this.#tooMany.ended(now, code, held);
    const retryInMs = Math.max(pause + this.#backoff.next(held), retryAfterMs);
    this.retryAt = now + retryInMs;
    this.#move('waiting', { code, reason, retryInMs });
  }

  /** Closes permanently and rejects pending sends. */
  close(error?: ChatApiError, code?: number): void {
    if (this.state === 'closed') return;
    this.error = error;
    this.#move('closed', { code, reason: error?.message ?? 'closed by the app' });
    const told = error ?? new ChatApiError(CLIENT_CLOSED, 'The connection was closed before the response');
    for (const message of this.outbox.clear()) message.reject(told);
  }

  /**
   * The network or the page is back, or the app is used: reconnects at once and checks whether the
   * socket is alive.
   */
  nudge(now: number): void {
    this.retryAt = Math.min(this.retryAt, this.#tooMany.usableFrom(now));
    this.heartbeat.doubt(now);
  }

  tick(now: number): void {
    if (this.state !== 'connected') return;
    if (this.heartbeat.isDue(now)) this.#waiting.push({ type: 'ping' });
    if (this.#renewAt === undefined || now < this.#renewAt) return;
    this.#renewAt = undefined;
    this.#tokenDue = true;
  }

  // Input: requests of the app.

  send(message: Outgoing): void {
    if (this.state === 'closed') message.reject(overOf(this));
    else this.outbox.add(message);
  }

  /** `stop`: no more. Servers before 0.2 do not know it. */
  typing(chatId: string, stop?: true): void {
    const isKnown = !stop || this.pages === undefined || this.pages.isServed;
    if (this.state === 'connected' && this.#heldUntil === undefined && isKnown)
      this.#waiting.push({ type: 'typing', chat_id: chatId, stop });
  }

  read(chatId: string, seq: number): void {
    this.views.readTo(chatId, seq);
    this.#reads.note(chatId, seq);
  }

  /** On each connection, until the role ends. */
  watchStaff(): void {
    this.#watchesStaff = true;
    if (this.state === 'connected') this.#waiting.push(STAFF);
  }

  /** A new token for the live socket, as requested by `takeTokenDue`. */
  renewed(token: string): void {
    if (this.state !== 'connected') return;
    this.#waiting.push({ type: 'auth', token });
    this.#isRenewing = true;
  }

  // Output: what is to be done.

  /** Frames to write now, in order. */
  frames(now: number): string[] {
    if (this.state !== 'connected') return [];
    if (this.#heldUntil !== undefined && now < this.#heldUntil) return [];
    this.#heldUntil = undefined;
    const frames = this.#waiting.splice(0);
    if (this.hasPlace) frames.push(...(this.pages?.frames() ?? []), ...this.views.resumes());
    frames.push(...this.#reads.frames());
    return [...frames.map((frame) => JSON.stringify(frame)), ...this.outbox.due(now)];
  }

  /** When to `tick` and get frames again; undefined: only after further input. */
  nextTick(): number | undefined {
    const times = [this.#renewAt, this.outbox.heldUntil, this.#heldUntil, this.heartbeat.next].filter(
      (at) => at !== undefined,
    );
    return times.length === 0 ? undefined : Math.min(...times);
  }

  takeEvents(): AnyEvent[] {
    return this.#events.splice(0);
  }

  /** Rooms to read from history after their position, followed by `views.filled`. */
  takeToFill(): string[] {
    return this.#toFill.splice(0);
  }

  /** Whether a new token is needed for the live socket, followed by `renewed`. */
  takeTokenDue(): boolean {
    const due = this.#tokenDue;
    this.#tokenDue = false;
    return due;
  }

  // Control frames of the server.

  #onHello(frame: Frame, now: number): void {
    const userId = String(frame.user_id);
    if (userId !== (this.userId ?? userId)) {
      // Pending sends belong to another user.
      this.close(new ChatApiError('AUTHORIZATION_ERROR', 'The token is another user’s now', { status: 403 }), 403);
      return;
    }
    this.userId = userId;
    this.#clock.exact(frame.server_time, now);
    this.#openedAt = now;
    this.heartbeat.start(now);
    this.#planRenewal(frame, now);
    this.views.connected();
    this.pages?.connected();
    if (this.#watchesStaff) this.#waiting.push(STAFF);
    this.#move('connected');
  }

  #onError(frame: Frame, now: number): void {
    const error = errorOfFrame(frame);
    if (frame.client_id === undefined && (error.code === 'RATE_LIMIT_EXCEEDED' || this.pages?.refused(error)))
      this.#hold(now, error.retryAfterMs ?? DEFAULT_RETRY_MS);
    if (typeof frame.client_id !== 'string') this.#events.push({ type: 'error', data: error });
    else this.outbox.refused(frame.client_id, error, now)?.reject(error);
  }

  /**
   * A frame was refused, it is unknown which: reads are repeated after the pause; typing is
   * obsolete by then.
   */
  #hold(now: number, ms: number): void {
    this.#heldUntil = Math.max(this.#heldUntil ?? 0, now + ms);
    this.heartbeat.pong(now);
    this.views.unanswered();
    this.pages?.unanswered();
    this.#reads.repeat();
    if (this.#isRenewing) this.#renewAt = this.#heldUntil;
  }

  /** Other devices of the user may have read meanwhile. */
  #onResumed(rooms: Record<string, Resumed>): void {
    this.#toFill.push(...this.views.resumed(rooms));
    if (this.hasPlace) for (const read of this.views.readsIn(rooms)) this.#tell('read', read);
  }

  #onRoomRemoved(frame: Frame): void {
    this.#tell('room_removed', frame);
    this.views.forget(String(frame.chat_id));
  }

  #planRenewal(frame: Frame, now: number): void {
    this.#isRenewing = false;
    const ends = epochOf(frame.token_expires_at);
    const serverNow = this.#clock.at(now);
    if (ends === undefined || serverNow === undefined) return;
    const left = ends - serverNow;
    this.#renewAt = now + Math.max(LEAST_TOKEN_WAIT_MS, left - margin(left));
  }

  #tell(kind: string, frame: Frame): void {
    const { chat_id: chatId, seq } = frame;
    if (kind === 'staff_ended') this.#watchesStaff = false;
    if (typeof seq === 'number' && typeof chatId === 'string' && !NOT_IN_A_LOG.has(kind)) {
      const mine = frame.user_id === this.userId;
      if (kind === 'member_joined' && mine) this.views.startAt(chatId, seq - 1);
      if (!this.views.take(chatId, seq, this.hasPlace)) return;
      if (kind === 'member_left' && mine) this.views.forget(chatId);
    } else if (!this.hasPlace) return;
    if (kind === 'read') this.views.readTo(String(chatId), Number(frame.read_seq));
    this.#events.push({ type: kind, data: frame } as unknown as AnyEvent);
  }

  #move(to: RealtimeState, why: Omit<StateChange, 'from' | 'to'> = {}): void {
    if (to === this.state) return;
    this.#events.push({ type: 'state', data: { from: this.state, to, ...why } });
    this.state = to;
  }
}

/** The error of calls on a closed machine. */
export const overOf = (machine: Machine): ChatApiError =>
  machine.error ?? new ChatApiError(CLIENT_CLOSED, 'The connection is closed');
