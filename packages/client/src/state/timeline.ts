// The part of a room's history, or of a thread, that an app has loaded: pages of history and events
// of the log in, rows out. Like the machine of a connection it has no I/O: `ask` says what to read,
// `answer` takes it. Pages and events may come in any order, events more than once.
import type { Message } from '../models.ts';
import { appliedToAll, type LoggedEvent, type Row, rowOf, rowsOf } from './row.ts';

/** Messages per page; more than a screen shows. */
const PAGE = 50;
const BIG_PAGE = 100;
/** Pages that a window is read again by, after a gap that the log cannot fill. */
const MAX_RELOAD_PAGES = 5;
/** A window that follows the end of a busy room forgets its oldest messages. */
const MAX_ROWS = 2000;
const KEPT_ROWS = 1000;

export interface PageQuery {
  before_seq?: number;
  after_seq?: number;
  limit: number;
}

/** A page of history is one snapshot: it shows all events up to `last_seq`, and none after it. */
export interface HistoryPage {
  items: readonly Message[];
  has_more: boolean;
  last_seq: number;
}

export type AskKind = 'latest' | 'older' | 'newer' | 'around' | 'reload';

export interface Ask {
  kind: AskKind;
  /** The pages to read, one after the other; see `next`. */
  queries: PageQuery[];
  /** Pages of a server that is behind this seq lack what the app has seen. */
  floor: number;
}

const STATUSES: readonly Message['status'][] = ['sent', 'delivered', 'read'];

/** These replace the window. */
const RESTARTS: readonly AskKind[] = ['latest', 'around', 'reload'];

export class Timeline {
  rows: readonly Row[] = [];
  isLoaded = false;
  hasOlder = false;
  hasNewer = false;
  me: string | undefined;
  readonly #thread: string | undefined;
  /** Events up to here have been applied, or were in all pages. */
  #position = 0;
  /** The end of the window shows the log up to here; later messages are appended. */
  #edge = 0;
  /** The newest event or page seen. */
  #seen = 0;
  #isStale = false;
  #mustRestart = false;
  readonly #open = new Set<Ask>();
  /** The events since the first open request, for its pages. */
  #recent: LoggedEvent[] = [];
  #follow: number | undefined;
  /** From where a replay has been asked for. */
  #awaited: number | undefined;

  /** @param thread the message whose replies are shown; default: the whole room. */
  constructor(thread?: string) {
    this.#thread = thread;
  }

  /** What must be read without anybody asking; undefined: nothing. */
  get wants(): 'latest' | 'reload' | undefined {
    if (RESTARTS.some((kind) => this.isAsked(kind))) return undefined;
    if (!this.isLoaded || this.#mustRestart) return 'latest';
    return this.#isStale ? 'reload' : undefined;
  }

  isAsked(kind: AskKind): boolean {
    return [...this.#open].some((ask) => ask.kind === kind);
  }

  /** Whether the event with this seq, of which the app knows, is in the window or passed it. */
  shows(seq: number): boolean {
    return this.isLoaded && !this.#isStale && seq <= (this.hasNewer ? this.#position : this.#edge);
  }

  event(event: LoggedEvent): void {
    if (this.#open.size > 0) this.#recent.push(event);
    this.#seen = Math.max(this.#seen, event.seq);
    if (this.isLoaded) this.#apply(event);
  }

  /** A message of the app's own was committed; its event may still be on its way. */
  committed(seq: number): void {
    this.#seen = Math.max(this.#seen, seq);
  }

  /** The log did not reach back: of the events up to `seq`, some will never come. */
  resync(seq: number): void {
    this.#seen = Math.max(this.#seen, seq);
    this.#awaited = undefined;
    const isShown = this.#edge >= seq && this.rows.every(({ asOf }) => asOf >= seq);
    this.#position = Math.max(this.#position, seq);
    if (this.isLoaded && isShown) return;
    this.#open.clear();
    this.#recent = [];
    this.#isStale = this.isLoaded;
  }

  /** Forgets all. */
  unload(): void {
    this.#open.clear();
    [this.rows, this.#recent] = [[], []];
    [this.isLoaded, this.hasOlder, this.hasNewer, this.#isStale, this.#mustRestart] = [
      false,
      false,
      false,
      false,
      false,
    ];
    [this.#position, this.#edge, this.#seen] = [0, 0, 0];
    [this.#awaited, this.#follow] = [undefined, undefined];
  }

  /** Not a part of the log, and never goes back. */
  status(messageId: string, status: Message['status']): void {
    const isNews = ({ message }: Row): boolean =>
      message.id === messageId && STATUSES.indexOf(message.status) < STATUSES.indexOf(status);
    if (this.rows.some(isNews))
      this.rows = this.rows.map((row) => (isNews(row) ? { ...row, message: { ...row.message, status } } : row));
  }

  /** A new connection, or a new membership: what was asked of the last one is void. */
  reconnected(): void {
    this.#awaited = undefined;
    if (this.isLoaded) this.#follow = this.#position;
  }

  /** @param seq of `around`. @returns undefined if there is nothing to read that way. */
  ask(wanted: AskKind, seq = 0): Ask | undefined {
    const kind = wanted === 'reload' && this.rows.length === 0 ? 'latest' : wanted;
    const queries = this.#queries(kind, seq);
    if (queries === undefined || (this.isAsked(kind) && kind !== 'around')) return undefined;
    if (RESTARTS.includes(kind)) this.#open.clear();
    if (this.#open.size === 0) this.#recent = [];
    const ask = { kind, queries, floor: this.#seen };
    this.#open.add(ask);
    return ask;
  }

  /** The next page of a request of which these have been read; undefined: that was all. */
  next({ kind, queries }: Ask, pages: readonly HistoryPage[]): PageQuery | undefined {
    const last = pages.at(-1);
    const next = queries[pages.length];
    // A place that the log has not reached: what came since the first page is in the second.
    if (kind === 'around' && last !== undefined && next?.after_seq !== undefined)
      return { ...next, after_seq: Math.min(next.after_seq, last.last_seq) };
    if (kind !== 'reload' || last === undefined) return next;
    const end = last.items.at(-1)?.seq;
    const isEnough = this.hasNewer && (end ?? 0) >= (this.rows.at(-1)?.message.seq ?? 0);
    if (!last.has_more || end === undefined || isEnough || pages.length >= MAX_RELOAD_PAGES) return undefined;
    return { after_seq: end, limit: BIG_PAGE };
  }

  failed(ask: Ask): void {
    this.#open.delete(ask);
  }

  /** `late`: from a server that lags behind, to be read again. `void`: another window is wanted. */
  answer(ask: Ask, pages: readonly HistoryPage[]): 'taken' | 'late' | 'void' {
    if (!this.#open.delete(ask)) return 'void';
    const [first, last] = [pages[0], pages.at(-1)];
    if (first === undefined || last === undefined) return 'void';
    if (pages.some(({ last_seq }) => last_seq < ask.floor)) return 'late';
    if (ask.kind === 'older') this.#prepend(first);
    else if (ask.kind === 'newer') this.#append(first);
    else if (ask.kind === 'reload') this.#replace(ask, pages, last);
    else this.#restart(first, ask.kind === 'around' ? last : undefined);
    if (this.#open.size === 0) this.#recent = [];
    return 'taken';
  }

  /** The seq after which the connection must deliver the room's events, again if need be. */
  takeFollow(): number | undefined {
    const follow = this.#follow;
    this.#follow = undefined;
    return follow;
  }

  #queries(kind: AskKind, seq: number): PageQuery[] | undefined {
    const [oldest, newest] = [this.rows[0]?.message.seq, this.rows.at(-1)?.message.seq];
    const isSteady = this.isLoaded && !RESTARTS.some((other) => this.isAsked(other) && other !== 'reload');
    if (kind === 'latest') return [{ limit: PAGE }];
    if (kind === 'around')
      return [
        { before_seq: seq + 1, limit: PAGE },
        { after_seq: seq, limit: PAGE },
      ];
    if (kind === 'reload') return [{ after_seq: (oldest ?? 1) - 1, limit: BIG_PAGE }];
    if (!isSteady) return undefined;
    if (kind === 'older') return this.hasOlder && oldest ? [{ before_seq: oldest, limit: PAGE }] : undefined;
    return this.hasNewer && !this.#isStale && newest ? [{ after_seq: newest, limit: PAGE }] : undefined;
  }

  #restart(page: HistoryPage, newer: HistoryPage | undefined): void {
    this.rows = [...rowsOf(page.items, page.last_seq).reverse(), ...rowsOf(newer?.items ?? [], newer?.last_seq ?? 0)];
    this.hasOlder = page.has_more;
    this.#begin(page.last_seq, newer ?? { ...page, has_more: false });
  }

  #replace({ queries }: Ask, pages: readonly HistoryPage[], last: HistoryPage): void {
    if (!this.hasNewer && last.has_more) {
      this.#mustRestart = true;
      return;
    }
    const from = queries[0]?.after_seq ?? 0;
    const older = this.rows.filter(({ message }) => message.seq <= from);
    this.rows = [...older, ...pages.flatMap(({ items, last_seq }) => rowsOf(items, last_seq))];
    this.#begin(Math.min(...pages.map(({ last_seq }) => last_seq)), last);
  }

  /** The window is as of `position` at least; its end is that of `last`. */
  #begin(position: number, last: HistoryPage): void {
    this.hasNewer = last.has_more;
    this.isLoaded = true;
    this.#isStale = false;
    this.#mustRestart = false;
    this.#position = Math.min(position, last.last_seq);
    this.#edge = last.last_seq;
    this.#awaited = undefined;
    for (const event of this.#recent) this.#apply(event);
    this.#follow = this.#position;
  }

  #prepend({ items, has_more, last_seq }: HistoryPage): void {
    const older = this.#caughtUp(rowsOf(items, last_seq).reverse());
    this.rows = [...older, ...this.rows];
    this.hasOlder = has_more;
  }

  #append({ items, has_more, last_seq }: HistoryPage): void {
    this.rows = [...this.rows, ...this.#caughtUp(rowsOf(items, last_seq))];
    this.hasNewer = has_more;
    if (has_more) return;
    this.#edge = last_seq;
    for (const event of this.#recent) if (event.seq <= this.#position) this.#extend(event);
  }

  /** Rows of a page, with what happened while it was on its way. */
  #caughtUp(rows: readonly Row[]): readonly Row[] {
    return this.#recent
      .filter(({ seq }) => seq <= this.#position)
      .reduce((caught, event) => appliedToAll(caught, event, this.me), rows);
  }

  #apply(event: LoggedEvent): void {
    if (event.seq > this.#position + 1) {
      if (this.#awaited !== this.#position) this.#follow = this.#position;
      this.#awaited = this.#position;
      return;
    }
    this.#position = Math.max(this.#position, event.seq);
    // Nothing is shown behind a gap.
    if (this.#isStale) return;
    this.rows = appliedToAll(this.rows, event, this.me);
    this.#extend(event);
  }

  /** Appends a new message, and what happened to it since. */
  #extend(event: LoggedEvent): void {
    if (this.hasNewer || event.seq <= this.#edge) return;
    this.#edge = event.seq;
    if (event.type !== 'message' || (this.#thread !== undefined && event.reply_to !== this.#thread)) return;
    this.rows = [...this.rows, ...this.#caughtUp([rowOf(event)])];
    if (this.rows.length <= MAX_ROWS || this.#open.size > 0) return;
    this.rows = this.rows.slice(-KEPT_ROWS);
    this.hasOlder = true;
  }
}
