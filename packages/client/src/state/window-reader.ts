// Reads the pages that a timeline asks for.
import { Backoff } from '../backoff.ts';
import type { ChatApiError } from '../errors.ts';
import { sleep } from '../platform.ts';
import type { AskKind, HistoryPage, PageQuery, Timeline } from './timeline.ts';

/** A server that lags behind is asked again after this. */
const LATE_MS = 250;

interface ReaderOptions {
  timeline: Timeline;
  page(query: PageQuery): Promise<HistoryPage>;
  /** Called around each change of the timeline. */
  change(work: () => void): void;
  /** Events must be delivered from here on. */
  follow(seq: number): void;
  isWatched(): boolean;
}

export class WindowReader {
  error: ChatApiError | undefined;
  readonly #options: ReaderOptions;
  readonly #backoff = new Backoff();
  #isRunning = false;
  /** Nothing more is tried until the app asks. */
  #isRefused = false;

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  /** Reads what is missing, while somebody looks. Tries again what may work later. */
  async run(): Promise<void> {
    if (this.#isRunning || this.#isRefused) return;
    this.#isRunning = true;
    const { timeline } = this.#options;
    for (let wants = timeline.wants; wants !== undefined && this.#options.isWatched(); wants = timeline.wants) {
      await this.read(wants);
      if (this.error?.retryable === true) await sleep(this.error.retryAfterMs ?? this.#backoff.next());
      else if (this.error !== undefined) {
        this.#isRefused = true;
        break;
      }
    }
    this.#isRunning = false;
  }

  retry(): Promise<void> {
    this.#isRefused = false;
    return this.run();
  }

  /** @param seq of `around`. Errors are in `error`. */
  async read(kind: AskKind, seq?: number): Promise<void> {
    const { timeline, page, change } = this.#options;
    for (;;) {
      let ask: ReturnType<Timeline['ask']>;
      change(() => {
        ask = timeline.ask(kind, seq);
      });
      if (ask === undefined) return;
      const outcome = await this.#answer(ask, page);
      this.follow();
      if (outcome !== 'late') return;
      await sleep(LATE_MS);
    }
  }

  follow(): void {
    const seq = this.#options.timeline.takeFollow();
    if (seq !== undefined) this.#options.follow(seq);
  }

  async #answer(
    ask: NonNullable<ReturnType<Timeline['ask']>>,
    page: (query: PageQuery) => Promise<HistoryPage>,
  ): Promise<'taken' | 'late' | 'void' | 'failed'> {
    const { timeline, change } = this.#options;
    const pages: HistoryPage[] = [];
    let outcome: 'taken' | 'late' | 'void' | 'failed' = 'failed';
    try {
      for (let query = timeline.next(ask, pages); query !== undefined; query = timeline.next(ask, pages))
        pages.push(await page(query));
      change(() => {
        outcome = timeline.answer(ask, pages);
        this.error = undefined;
      });
    } catch (error) {
      change(() => {
        timeline.failed(ask);
        this.error = error as ChatApiError;
      });
    }
    return outcome;
  }
}
