// The connection of the leading tab, as it passes it on to the others.
import { epochOf } from './clock.ts';
import type { Frame } from './machine.ts';
import { newId, now } from './platform.ts';
import type { Resumed } from './room-positions.ts';
import type { Socket } from './socket.ts';

/** What the leading tab tells. `line`: the connection; `n`: number of the frame on it. */
export type LeaderNews =
  | { do: 'alive' }
  | { do: 'leads' }
  /** It is open; `to`: only for this tab. */
  | { do: 'hello'; line: string; n: number; to?: string; text: string }
  | { do: 'frame'; line: string; n: number; to?: string; text: string }
  | { do: 'lost'; line: string; code: number; reason: string };

const RESUME = '{"type":"resume"';

interface Resume {
  tab: string;
  text: string;
  /** What the answer repeats. */
  asked: string;
}

const asText = <T>(rooms: Record<string, T>, from: (value: T) => number): string =>
  JSON.stringify(
    Object.entries(rooms)
      .map(([id, value]) => [id, from(value)])
      .sort(),
  );

/** Resumes go one after the other: the server ends one when the next asks for the same room. */
export class TabLine {
  readonly id = newId();
  readonly #socket: Socket;
  readonly #tell: (news: LeaderNews) => void;
  #n = 0;
  #hello: { frame: Frame; at: number } | undefined;
  readonly #waiting: Resume[] = [];
  /** More than one only after an error, which may or may not have been its answer. */
  #unanswered: Resume[] = [];
  #isFree = true;

  constructor(socket: Socket, tell: (news: LeaderNews) => void) {
    this.#socket = socket;
    this.#tell = tell;
  }

  send(tab: string, text: string): void {
    if (!text.startsWith(RESUME)) {
      this.#socket.send(text);
      return;
    }
    this.#waiting.push({ tab, text, asked: asText<number>(JSON.parse(text).rooms, (seq) => seq) });
    if (this.#isFree) this.#sendResume();
  }

  /** @returns the tab for which the frame is; undefined for all. */
  received(frame: Frame, text: string): string | undefined {
    if (frame.type === 'hello') {
      this.#hello = { frame, at: now() };
      this.greet();
      return undefined;
    }
    if (frame.type === 'authenticated' && this.#hello !== undefined)
      this.#hello.frame = { ...this.#hello.frame, token_expires_at: frame.token_expires_at };
    let to: string | undefined;
    if (frame.type === 'resumed') to = this.#answered(frame.rooms as Record<string, Resumed>);
    else if (frame.type === 'error' && frame.client_id === undefined) this.#sendResume();
    this.#tell({ do: 'frame', line: this.id, n: ++this.#n, to, text });
    return to;
  }

  /** Tells that it is open, with the server's time as it is now; if it is not, nothing. */
  greet(to?: string): boolean {
    if (this.#hello === undefined) return false;
    const { frame, at } = this.#hello;
    const epoch = epochOf(frame.server_time);
    const server_time = epoch && new Date(epoch + now() - at).toISOString();
    this.#tell({ do: 'hello', line: this.id, n: this.#n, to, text: JSON.stringify({ ...frame, server_time }) });
    return true;
  }

  drop(reason: string): void {
    this.#socket.drop(reason);
  }

  #sendResume(): void {
    const next = this.#waiting.shift();
    this.#isFree = next === undefined;
    if (next === undefined) return;
    this.#unanswered.push(next);
    this.#socket.send(next.text);
  }

  /** @returns the tab that asked; '' if none is known. */
  #answered(rooms: Record<string, Resumed>): string {
    const asked = asText(rooms, ({ from }) => from);
    const found = this.#unanswered.find((resume) => resume.asked === asked);
    this.#unanswered = this.#unanswered.filter((resume) => resume !== found);
    if (this.#unanswered.length === 0) this.#sendResume();
    return found?.tab ?? '';
  }
}
