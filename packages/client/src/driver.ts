// Connects the machine with real sockets and REST; reconnects forever.
import { Backoff } from './backoff.ts';
import { asError, ChatApiError, NETWORK_ERROR } from './errors.ts';
import { EventQueue } from './event-queue.ts';
import { fill, findRooms } from './history.ts';
import { type Frame, Machine, TOKEN_ENDED } from './machine.ts';
import type { Me, Room } from './models.ts';
import { type Path, path } from './paths.ts';
import { Alarm, isHidden, now, whenBack } from './platform.ts';
import type { Rest } from './rest.ts';
import type { Socket } from './socket.ts';
import { Sockets } from './sockets.ts';
import type { RoomsPage } from './state-pages.ts';

const TOKEN_RETRY_MS = 5000;
/** In case the page became visible unnoticed. */
const HIDDEN_POLL_MS = 60_000;
const FOR_GOOD = new Set(['AUTHENTICATION_ERROR', 'AUTHORIZATION_ERROR']);

export interface DriverOptions {
  autoReconnect: boolean;
  resume: boolean;
  minDelayMs?: number;
  maxDelayMs?: number;
  webSocket: typeof WebSocket;
  shareTabs: boolean;
  /** The app shows rooms: it gets them as of each connection. */
  onRooms?: (page: RoomsPage) => void;
  /** Called before each connection attempt and once connected. */
  opening(): Promise<void>;
  opened(): void;
}

export class Driver {
  readonly machine: Machine;
  readonly queue: EventQueue;
  /** Fires at each change of state. */
  readonly settled = new Alarm();
  readonly #rest: Rest;
  readonly #userId: string;
  readonly #sockets: Sockets;
  readonly #options: DriverOptions;
  readonly #pause = new Alarm();
  readonly #stopListening: () => void;
  #socket: Socket | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #token: string | undefined;
  #roomsKnown = false;
  #refusals = 0;
  #isUsed = false;

  constructor(rest: Rest, userId: string, options: DriverOptions) {
    this.#rest = rest;
    this.#userId = userId;
    const to = path`/ws/${userId}`;
    this.#options = options;
    const backoff = new Backoff(options.minDelayMs, options.maxDelayMs);
    this.machine = new Machine(rest.clock, backoff, options.resume && options.onRooms !== undefined);
    this.queue = new EventQueue((event, error) => rest.logger.error(`a handler of "${event}" failed:`, error));
    this.#sockets = new Sockets({
      rest,
      webSocket: options.webSocket,
      url: urlOf(rest.baseUrl, to),
      // Of others' replays it would deliver what came before it connected.
      shared: options.shareTabs && options.resume && options.autoReconnect,
      userId,
      asked: (joins) => this.#asked(joins),
      greeted: () => this.#greeted(),
    });
    this.#stopListening = whenBack(() => this.#nudge());
    void this.queue.dispatch(() => {
      this.machine.hasPlace = true;
      this.act();
    });
    if (to instanceof ChatApiError) this.machine.close(to);
    void this.#run();
  }

  close(): void {
    this.machine.close();
    this.queue.drop();
    this.act();
    this.#sockets.close();
    this.#socket?.drop('closed by the app');
    this.#pause.ring();
  }

  /** Delivers the machine's events, performs its requests and writes due frames. */
  act(): void {
    this.machine.hasPlace = this.queue.hasPlace;
    this.#write();
    for (const event of this.machine.takeEvents()) {
      this.queue.put(event);
      if (event.type === 'state') this.settled.ring();
    }
    for (const page of this.machine.pages?.takeRead() ?? []) this.#options.onRooms?.(page);
    for (const chatId of this.machine.takeToFill()) this.#errand(fill(this.#rest, this.machine, this.queue, chatId));
    if (this.machine.takeTokenDue()) this.#errand(this.#renewLive());
  }

  /** The app is used, so a connection that was one too many may return. */
  use(): void {
    if (!this.machine.isCrowded) return;
    this.#isUsed = true;
    this.#nudge();
  }

  /** Timers of a hidden tab that leads are late: other tabs wake it. */
  #asked(joins: boolean): void {
    if (joins) this.use();
    if (this.machine.state === 'waiting') this.#pause.ring();
    this.act();
  }

  /** To share a connection takes no place. */
  #greeted(): void {
    if (this.machine.state !== 'waiting') return;
    this.#isUsed = true;
    this.#nudge();
  }

  #nudge(): void {
    this.machine.nudge(now());
    this.#pause.ring();
    this.act();
  }

  async #run(): Promise<void> {
    while (this.machine.state !== 'closed') {
      await this.#connectOnce();
      this.act();
      if (this.machine.state === 'waiting' && !this.#options.autoReconnect)
        this.machine.close(new ChatApiError(NETWORK_ERROR, 'The connection was lost'));
      while (this.#mustWait()) {
        const left = this.machine.retryAt - now();
        await this.#pause.wait(left > 0 ? left : HIDDEN_POLL_MS);
      }
    }
    this.#stopListening();
    this.#sockets.close();
    this.act();
    this.queue.close();
  }

  /** A page that nobody sees does not take the place of another one. */
  #mustWait(): boolean {
    const { state, retryAt, isCrowded } = this.machine;
    return state === 'waiting' && (now() < retryAt || (isCrowded && isHidden() && !this.#isUsed));
  }

  async #connectOnce(): Promise<void> {
    this.#isUsed = false;
    this.machine.connecting();
    this.act();
    try {
      this.#token = await this.#rest.tokens.current();
      const { views, pages } = this.machine;
      // Before the connection, since the app must see what is committed from here on; an app that
      // shows rooms starts with those that it gets on the connection.
      if (!this.#roomsKnown && this.#options.resume && pages === undefined) {
        const how = { onlyNews: false, waits: false };
        this.#roomsKnown = await findRooms(this.#rest, (room) => views.startAtEnd(room), how);
      }
      await this.#options.opening();
      if (this.machine.state !== 'closed') await this.#serve();
    } catch (thrown) {
      // The app's token function may throw anything.
      const error = asError(thrown);
      // Proxies refuse with these codes too.
      if (FOR_GOOD.has(error.code) && !error.foreign) this.machine.close(error, error.status || undefined);
      else {
        this.machine.lost(now(), error.status || undefined, error.message, error.retryAfterMs);
        this.machine.lastLoss = error;
      }
    }
  }

  async #serve(): Promise<void> {
    const socket = await this.#sockets.open(this.#token, (frame) => this.#received(frame));
    this.#socket = socket;
    if (this.machine.isClosed) socket.drop('closed by the app');
    const lost = await socket.lost;
    this.#socket = undefined;
    clearTimeout(this.#timer);
    if (this.machine.state === 'closed') return;
    if (this.machine.state === 'connecting') await this.#askWhy();
    this.machine.lost(now(), lost.code, lost.reason);
    if (lost.code === TOKEN_ENDED) await this.#tokenEnded();
  }

  #received(frame: Frame): void {
    const { pages } = this.machine;
    const isAsked = pages?.isAsked;
    this.machine.received(frame, now());
    if (this.machine.isClosed) this.#socket?.drop('another user');
    else if (frame.type === 'hello') {
      this.#refusals = 0;
      this.#sockets.opened();
      this.#options.opened();
      if (this.#options.resume && (pages === undefined || pages.isRefused)) this.#errand(this.#lookForRooms());
    } else if (isAsked && pages?.isRefused) this.#errand(this.#lookForRooms());
    this.act();
  }

  #write(): void {
    if (this.#socket === undefined) return;
    const at = now();
    this.machine.tick(at);
    if (this.machine.heartbeat.isDead(at)) this.#socket.drop('no response to a ping');
    for (const text of this.machine.frames(at)) this.#socket.send(text);
    clearTimeout(this.#timer);
    const next = this.machine.nextTick();
    if (next !== undefined) this.#timer = setTimeout(() => this.act(), Math.max(0, next - at));
  }

  async #tokenEnded(): Promise<void> {
    this.act();
    const fresh = await this.#rest.tokens.renew(this.#token);
    const why = 'The token has expired and cannot be renewed';
    if (fresh === undefined)
      this.machine.close(new ChatApiError('AUTHENTICATION_ERROR', why, { status: 401 }), TOKEN_ENDED);
  }

  /**
   * Finds out by REST why an upgrade was refused, which browsers do not tell. These requests count
   * against limits, so they become rarer once they are answered.
   * @throws ChatApiError for more than a network error.
   */
  async #askWhy(): Promise<void> {
    const count = this.#refusals + 1;
    // The answer may renew the token, so without one the next refusal asks again.
    const me = (count & (count - 1)) === 0 && (await this.#rest.call<Me>('GET', '/users/me', { waits: false }));
    this.#refusals = count;
    if (me === false) return;
    if (this.#userId !== 'me' && me.id !== this.#userId)
      throw new ChatApiError('AUTHORIZATION_ERROR', 'The token is another user’s', { status: 403 });
    this.#sockets.failed();
  }

  /**
   * Looks for rooms that the user joined meanwhile; for all rooms if they are not known, because a
   * limit kept from looking, or the server refused a state.
   */
  async #lookForRooms(): Promise<void> {
    const { views } = this.machine;
    if (!this.#roomsKnown) {
      const how = { onlyNews: false, waits: true, onPage: this.#options.onRooms };
      const note = (room: Room): boolean => {
        const isNew = views.startAtEnd(room);
        if (!isNew) views.follow(room.chat_id, room.last_seq);
        return isNew;
      };
      this.#roomsKnown = await findRooms(this.#rest, note, how);
      return;
    }
    const look = views.unsure();
    const how = { onlyNews: true, waits: true, onPage: this.#options.onRooms };
    for (const backoff = new Backoff(); ; await this.#pause.wait(backoff.next())) {
      // The next connection tries again.
      if (this.machine.state !== 'connected') return;
      try {
        await findRooms(this.#rest, (room) => views.cameInto(room), how);
        break;
      } catch (error) {
        if (!asError(error).retryable) break;
      }
    }
    views.sure(look);
  }

  /**
   * Retries until there is a new token, or none can be had, in which case the server ends the
   * connection.
   */
  async #renewLive(): Promise<void> {
    const { tokens } = this.#rest;
    while (this.machine.state === 'connected' && tokens.canRenew) {
      const fresh = await tokens.renew(this.#token).catch(() => undefined);
      if (fresh !== undefined) {
        this.#token = fresh;
        return this.machine.renewed(fresh);
      }
      await this.#pause.wait(TOKEN_RETRY_MS);
    }
  }

  /**
   * Errors are ignored: the work is repeated after the next reconnect and must not end a live
   * connection.
   */
  #errand(work: Promise<void>): void {
    void work.catch(() => undefined).then(() => this.act());
  }
}

/** '' for an invalid path: it is never opened. */
const urlOf = (baseUrl: string, to: Path): string =>
  typeof to === 'object' && 'text' in to ? baseUrl.replace(/^http/, 'ws') + to.text : '';
