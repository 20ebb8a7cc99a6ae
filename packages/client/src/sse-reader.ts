// Reads the text of server-sent events, in whatever parts it arrives.

/** An event without an end must not fill the memory. */
const MAX_LENGTH = 1024 * 1024;

/** @param id of this event or the last one that had one. */
type OnEvent = (name: string, data: string, id: string | undefined) => void;

export class SseReader {
  readonly #onEvent: OnEvent;
  readonly #decoder = new TextDecoder();
  #rest = '';
  #name = '';
  #data: string[] = [];
  /** Of the data so far, with its line ends. */
  #length = 0;
  #id: string | undefined;

  constructor(onEvent: OnEvent) {
    this.#onEvent = onEvent;
  }

  /** @throws Error when an event is too long. */
  take(bytes: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split('\n');
    this.#rest = lines.pop() as string;
    for (const line of lines) this.#line(line.replace(/\r$/, ''));
    this.#check(this.#rest.length);
  }

  #line(line: string): void {
    if (line === '') {
      if (this.#data.length > 0) this.#onEvent(this.#name || 'message', this.#data.join('\n'), this.#id);
      this.#name = '';
      this.#data = [];
      this.#length = 0;
      return;
    }
    const [, field, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === 'event') this.#name = value;
    else if (field === 'id') this.#id = value;
    else if (field === 'data') {
      this.#check(value.length + 1);
      this.#data.push(value);
      this.#length += value.length + 1;
    }
  }

  #check(more: number): void {
    if (this.#length + more > MAX_LENGTH) throw new Error('an event is too long');
  }
}
