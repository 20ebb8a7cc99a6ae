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

/** `resume` and `state`: frames whose answers are for one tab. */
const QUESTION = /^\{"type":"(resume|state)"/;

interface Question {
  tab: string;
  text: string;
  /** What the answer to a resume repeats; to a state, nothing. */
  asked: string | undefined;
}

const asText = <T>(rooms: Record<string, T>, from: (value: T) => number): string =>
  JSON.stringify(
    Object.entries(rooms)
      .map(([id, value]) => [id, from(value)])
      .sort(),
  );

/**
 * Questions go one after the other: the server ends a resume when the next asks for the same room,
 * and the answer to a state does not tell which one it is.
 */
export class TabLine {
  readonly id = newId();
  readonly #socket: Socket;
  readonly #tell: (news: LeaderNews) => void;
  #n = 0;
  #hello: { frame: Frame; at: number } | undefined;
  readonly #waiting: Question[] = [];
  /** More than one only after an error, which may or may not have been its answer. */
  #unanswered: Question[] = [];
  #isFree = true;

  constructor(socket: Socket, tell: (news: LeaderNews) => void) {
    this.#socket = socket;
    this.#tell = tell;
  }

  send(tab: string, text: string): void {
    const kind = QUESTION.exec(text)?.[1];
    if (kind === undefined) {
      this.#socket.send(text);
      return;
    }
    const asked = kind === 'state' ? undefined : asText<number>(JSON.parse(text).rooms, (seq) => seq);
    this.#waiting.push({ tab, text, asked });
    if (this.#isFree) this.#ask();
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
    if (frame.type === 'resumed')
      to = this.#answered(asText(frame.rooms as Record<string, Resumed>, ({ from }) => from));
    else if (frame.type === 'state') to = this.#answered(undefined);
    else if (frame.type === 'error' && frame.client_id === undefined) this.#ask();
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

  #ask(): void {
    const next = this.#waiting.shift();
    this.#isFree = next === undefined;
    if (next === undefined) return;
    this.#unanswered.push(next);
    this.#socket.send(next.text);
  }

  /** @returns the tab that asked; '' if none is known. */
  #answered(asked: string | undefined): string {
    const found = this.#unanswered.find((question) => question.asked === asked);
    this.#unanswered = this.#unanswered.filter((question) => question !== found);
    if (this.#unanswered.length === 0) this.#ask();
    return found?.tab ?? '';
  }
}
