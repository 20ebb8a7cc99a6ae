// A connection through the leading tab.
import { isObject } from './errors.ts';
import type { Frame } from './machine.ts';
import { isHidden } from './platform.ts';
import type { Lost, Socket } from './socket.ts';
import type { LeaderNews } from './tab-line.ts';

/** What a following tab asks of the leading one. */
export type FollowerRequest = { do: 'join' } | { do: 'ping' } | { do: 'send'; line: string; text: string };

/** Between two looks at whether the leading tab is alive. */
const LOOK_MS = 1500;
const LOOK_HIDDEN_MS = 15_000;
/** Looks without a sign of life before it counts as frozen. */
const MAX_SILENCE = 3;
const PING = '{"type":"ping"}';
const CUT = 1006;

interface FollowerOptions {
  tab: string;
  ask(request: FollowerRequest): void;
  received(frame: Frame): void;
  /** The leading tab does not answer. */
  silent(): void;
}

export class Follower implements Socket {
  readonly lost: Promise<Lost>;
  readonly #options: FollowerOptions;
  #resolve: (lost: Lost) => void = () => undefined;
  #ended = false;
  #leader: string | undefined;
  #line: string | undefined;
  #n = 0;
  #silence = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.lost = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    options.ask({ do: 'join' });
    this.#look();
  }

  send(text: string): void {
    // The other tab's connection has pings of its own.
    if (text === PING) this.#options.ask({ do: 'ping' });
    else if (this.#line !== undefined) this.#options.ask({ do: 'send', line: this.#line, text });
  }

  drop(reason: string): void {
    this.end(CUT, reason);
  }

  end(code: number, reason: string): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#resolve({ code, reason, opened: this.#line !== undefined });
  }

  heard(leader: string, news: LeaderNews): void {
    if (this.#ended) return;
    if (news.do === 'leads' && this.#line !== undefined) {
      this.drop('another tab leads now');
      return;
    }
    // A tab that was frozen may not know yet that it no longer leads.
    if (this.#leader !== undefined && this.#leader !== leader) return;
    this.#silence = 0;
    if (news.do === 'alive') this.#give('{"type":"pong"}');
    else if (news.do === 'hello') this.#greeted(leader, news);
    else if (news.do === 'frame' && news.line === this.#line) this.#next(news);
    else if (news.do === 'lost' && news.line === this.#line) this.end(news.code, news.reason);
  }

  #greeted(leader: string, { line, n, to, text }: Extract<LeaderNews, { do: 'hello' }>): void {
    if (to !== undefined && to !== this.#options.tab) return;
    if (this.#line !== undefined) {
      if (this.#line !== line) this.drop('the leading tab has another connection');
      return;
    }
    this.#leader = leader;
    this.#line = line;
    this.#n = n;
    this.#give(text);
  }

  #next({ n, to, text }: Extract<LeaderNews, { do: 'frame' }>): void {
    if (n !== ++this.#n) this.drop('a frame is missing');
    else if (to === undefined || to === this.#options.tab) this.#give(text);
  }

  #give(text: string): void {
    try {
      const frame: unknown = JSON.parse(text);
      if (isObject(frame)) this.#options.received(frame);
    } catch (error) {
      this.drop(`a frame that cannot be read: ${error}`);
    }
  }

  /** Timers of hidden pages are slow anyway; a visible tab finds out for all. */
  #look(): void {
    this.#timer = setTimeout(
      () => {
        if (++this.#silence > MAX_SILENCE) {
          this.#silence = 0;
          this.#options.silent();
        } else if (this.#silence > 1) this.#options.ask({ do: 'ping' });
        if (!this.#ended) this.#look();
      },
      isHidden() ? LOOK_HIDDEN_MS : LOOK_MS,
    );
  }
}
