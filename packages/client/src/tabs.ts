// Tabs of one session share one connection. One of them leads and holds the connection; the others
// follow: they get its frames and send theirs through it, over a BroadcastChannel. Each tab keeps
// its own positions and unsent messages, so it resumes from any new leader as after any cut.
import { isObject } from './errors.ts';
import type { Frame } from './machine.ts';
import { newId, type TabChannel, type TabPlatform } from './platform.ts';
import type { Open, Socket } from './socket.ts';
import { Follower, type FollowerRequest } from './tab-follower.ts';
import { type LeaderNews, TabLine } from './tab-line.ts';
import { TabLock } from './tab-lock.ts';

type Note = { tab: string } & (FollowerRequest | LeaderNews);

export interface TabEvents {
  /** Another tab asks this one, which leads, for a sign of life, or to join. */
  asked(joins: boolean): void;
  /** There is a connection that this tab can share. */
  greeted(): void;
}

export class Tabs {
  readonly key: string;
  readonly #open: Open;
  readonly #events: TabEvents;
  readonly #tab = newId();
  readonly #channel: TabChannel;
  readonly #lock: TabLock;
  readonly #entered: Promise<boolean>;
  #line: TabLine | undefined;
  #follower: Follower | undefined;
  #closed = false;

  /**
   * @param key of the session: other keys never share.
   * @param open opens a connection of this tab.
   * @throws where the platform denies channels.
   */
  constructor(platform: TabPlatform, key: string, open: Open, events: TabEvents) {
    this.key = key;
    this.#open = open;
    this.#events = events;
    // 1: the version of the notes.
    const name = `chatapi.tabs.1.${key}`;
    this.#channel = platform.channel(name);
    this.#channel.onmessage = ({ data }) => {
      if (isObject(data)) this.#heard(data as unknown as Note);
    };
    this.#lock = new TabLock(platform.locks, name, () => this.#lockChanged());
    this.#entered = this.#lock.enter().then(
      () => true,
      () => false,
    );
  }

  async open(token: string | undefined, received: (frame: Frame) => void): Promise<Socket> {
    const isShared = await this.#entered;
    if (!isShared || this.#closed) return this.#open(token, received);
    return this.#lock.isHeld ? this.#lead(token, received) : this.#follow(received);
  }

  close(): void {
    if (this.#line !== undefined) this.#lostLine(this.#line, 1006, 'the leading tab was closed');
    this.#closed = true;
    this.#follower?.drop('the tab was closed');
    this.#lock.leave();
    this.#channel.close();
  }

  #lead(token: string | undefined, received: (frame: Frame) => void): Socket {
    const socket = this.#open(token, (frame, text) => {
      const to = line.received(frame, text);
      if (to === undefined || to === this.#tab) received(frame);
    });
    const line = new TabLine(socket, (news) => this.#tell(news));
    this.#line = line;
    void socket.lost.then(({ code, reason }) => this.#lostLine(line, code, reason));
    return { send: (text) => line.send(this.#tab, text), drop: (reason) => line.drop(reason), lost: socket.lost };
  }

  #follow(received: (frame: Frame) => void): Socket {
    const follower = new Follower({
      tab: this.#tab,
      ask: (request) => this.#tell(request),
      received,
      silent: () => this.#lock.steal(),
    });
    this.#follower?.drop('a newer connection');
    this.#follower = follower;
    return follower;
  }

  #lockChanged(): void {
    if (!this.#lock.isHeld) this.#line?.drop('another tab leads now');
    else {
      this.#tell({ do: 'leads' });
      this.#follower?.drop('this tab leads now');
    }
  }

  #lostLine(line: TabLine, code: number, reason: string): void {
    if (this.#line !== line) return;
    this.#line = undefined;
    this.#tell({ do: 'lost', line: line.id, code, reason });
  }

  #heard(note: Note): void {
    if (note.do === 'join' || note.do === 'ping' || note.do === 'send') {
      if (this.#lock.isHeld) this.#serve(note.tab, note);
      return;
    }
    this.#follower?.heard(note.tab, note);
    if (note.do === 'hello') this.#events.greeted();
  }

  #serve(tab: string, request: FollowerRequest): void {
    if (request.do === 'send') {
      if (request.line === this.#line?.id) this.#line.send(tab, request.text);
      return;
    }
    const greeted = request.do === 'join' && this.#line?.greet(tab);
    if (!greeted) this.#tell({ do: 'alive' });
    this.#events.asked(request.do === 'join');
  }

  #tell(note: FollowerRequest | LeaderNews): void {
    if (!this.#closed) this.#channel.postMessage({ tab: this.#tab, ...note });
  }
}
