// Owns: driving the machine with real sockets: connecting again, for ever, and doing what it asks for.
import { Backoff } from './backoff.ts';
import { asError, ChatApiError, NETWORK_ERROR } from './errors.ts';
import { fill, findRooms } from './history.ts';
import { Inbox } from './inbox.ts';
import { type Frame, Machine, TOKEN_ENDED } from './machine.ts';
import type { Me } from './models.ts';
import { Alarm, now, whenBack } from './platform.ts';
import type { Rest } from './rest.ts';
import { openSocket, type Socket } from './socket.ts';

const TOKEN_RETRY_MS = 5000;
const FOR_GOOD = new Set(['AUTHENTICATION_ERROR', 'AUTHORIZATION_ERROR']);

export interface DriverOptions {
  autoReconnect: boolean;
  resume: boolean;
  minDelayMs?: number;
  maxDelayMs?: number;
  webSocket: typeof WebSocket;
  /** Before each connection, and once it is there. */
  opening(): Promise<void>;
  opened(): void;
}

export class Driver {
  readonly machine: Machine;
  readonly inbox: Inbox;
  /** Rings at each change of state. */
  readonly settled = new Alarm();
  readonly #rest: Rest;
  readonly #userId: string;
  readonly #options: DriverOptions;
  readonly #pause = new Alarm();
  readonly #stopListening: () => void;
  #socket: Socket | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #token: string | undefined;
  #roomsKnown = false;
  #refusals = 0;

  constructor(rest: Rest, userId: string, options: DriverOptions) {
    this.#rest = rest;
    this.#userId = userId;
    this.#options = options;
    this.machine = new Machine(rest.clock, new Backoff(options.minDelayMs, options.maxDelayMs));
    this.inbox = new Inbox((event, error) => rest.logger.error(`a handler of "${event}" failed:`, error));
    this.#stopListening = whenBack(() => this.#nudge());
    void this.inbox.dispatch(() => {
      this.machine.hasPlace = true;
      this.act();
    });
    void this.#run();
  }

  close(): void {
    this.machine.close();
    this.inbox.drop();
    this.act();
    this.#socket?.drop('closed by the app');
    this.#pause.ring();
  }

  /** Gives out what the machine has to tell, does what it asks for, and writes what is due. */
  act(): void {
    this.machine.hasPlace = this.inbox.hasPlace;
    this.#write();
    for (const event of this.machine.takeEvents()) {
      this.inbox.put(event);
      if (event.type === 'state') this.settled.ring();
    }
    for (const chatId of this.machine.takeToFill()) this.#errand(fill(this.#rest, this.machine, this.inbox, chatId));
    if (this.machine.takeTokenDue()) this.#errand(this.#renewLive());
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
      while (this.machine.state === 'waiting' && now() < this.machine.retryAt)
        await this.#pause.wait(this.machine.retryAt - now());
    }
    this.#stopListening();
    this.act();
    this.inbox.close();
  }

  async #connectOnce(): Promise<void> {
    this.machine.connecting();
    this.act();
    try {
      this.#token = await this.#rest.tokens.current();
      const first = !this.#roomsKnown;
      // Before the connection: what is committed from here on is the app's to see.
      if (first && this.#options.resume) {
        const { views } = this.machine;
        const how = { onlyNews: false, waits: false };
        this.#roomsKnown = await findRooms(this.#rest, (room) => views.startAtEnd(room), how);
      }
      await this.#options.opening();
      if (this.machine.state !== 'closed') await this.#serve(first);
    } catch (thrown) {
      // The app's own token function may throw anything.
      const error = asError(thrown);
      // Its code, not its status: a proxy on the way has some of these too.
      if (FOR_GOOD.has(error.code)) this.machine.close(error, error.status || undefined);
      else this.machine.lost(now(), error.status || undefined, error.message, error.retryAfterMs);
    }
  }

  async #serve(first: boolean): Promise<void> {
    const url = `${this.#rest.baseUrl.replace(/^http/, 'ws')}/ws/${encodeURIComponent(this.#userId)}`;
    const socket = openSocket(this.#options.webSocket, url, this.#token, (frame) => this.#received(frame, first));
    this.#socket = socket;
    const lost = await socket.lost;
    this.#socket = undefined;
    clearTimeout(this.#timer);
    if (this.machine.state === 'closed') return;
    if (this.machine.state === 'connecting') await this.#askWhy();
    this.machine.lost(now(), lost.code, lost.reason);
    if (lost.code === TOKEN_ENDED) await this.#tokenEnded();
  }

  #received(frame: Frame, first: boolean): void {
    this.machine.received(frame, now());
    if (this.machine.isClosed) this.#socket?.drop('another user');
    else if (frame.type === 'hello') {
      this.#refusals = 0;
      this.#options.opened();
      if (this.#options.resume) this.#errand(this.#lookForRooms(first));
    }
    this.act();
  }

  #write(): void {
    if (this.#socket === undefined) return;
    const at = now();
    this.machine.tick(at);
    if (this.machine.heartbeat.isDead(at)) this.#socket.drop('the other side is silent');
    for (const text of this.machine.frames(at)) this.#socket.send(text);
    clearTimeout(this.#timer);
    const next = this.machine.nextTick();
    if (next !== undefined) this.#timer = setTimeout(() => this.act(), Math.max(0, next - at));
  }

  async #tokenEnded(): Promise<void> {
    this.act();
    const fresh = await this.#rest.tokens.renew(this.#token);
    const why = 'The token has ended and there is no fresh one';
    if (fresh === undefined)
      this.machine.close(new ChatApiError('AUTHENTICATION_ERROR', why, { status: 401 }), TOKEN_ENDED);
  }

  /**
   * Why an upgrade was refused, which browsers don't tell; REST does. Its requests are counted, so they get rarer.
   * @throws ChatApiError where it is more than the network.
   */
  async #askWhy(): Promise<void> {
    const count = ++this.#refusals;
    if ((count & (count - 1)) !== 0) return;
    const me = await this.#rest.call<Me>('GET', '/users/me', { waits: false });
    if (this.#userId !== 'me' && me.id !== this.#userId)
      throw new ChatApiError('AUTHORIZATION_ERROR', 'The token is another user’s', { status: 403 });
  }

  /** After a reconnect, rooms that the user came into meanwhile; after a first one that a limit kept from asking, all. */
  async #lookForRooms(first: boolean): Promise<void> {
    const { views } = this.machine;
    if (first) {
      const how = { onlyNews: false, waits: true };
      this.#roomsKnown ||= await findRooms(this.#rest, (room) => views.startAtEnd(room), how);
      return;
    }
    const look = views.unsure();
    for (const backoff = new Backoff(); ; await this.#pause.wait(backoff.next())) {
      // The next connection looks again.
      if (this.machine.state !== 'connected') return;
      try {
        await findRooms(this.#rest, (room) => views.cameInto(room), { onlyNews: true, waits: true });
        break;
      } catch (error) {
        if (!asError(error).retryable) break;
      }
    }
    views.sure(look);
  }

  /** Asks until there is another token, or none to be had, in which case the server ends the connection. */
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

  /** What fails is asked for again after the next reconnect; no reason to end a connection that lives. */
  #errand(work: Promise<void>): void {
    void work.catch(() => undefined).then(() => this.act());
  }
}
