// Messages that are being sent, in order, until each is acknowledged. They survive lost
// connections.
import { ChatApiError } from './errors.ts';

/** Maximum of sends in flight; one while the server refuses some, to keep their order. */
const IN_FLIGHT = 32;
/** Delay when the server refused a send without a retry delay. */
const DEFAULT_RETRY_MS = 1000;

export interface Ack {
  client_id: string;
  message_id: string;
  chat_id: string;
  seq: number;
  created_at: string;
}

export interface Answered {
  resolve(ack: Ack): void;
  reject(error: ChatApiError): void;
}

/** A message that is sent again with the same `clientId` until the server answers. */
export interface Outgoing extends Answered {
  clientId: string;
  /** The frame as JSON. */
  text: string;
}

/** All sends with one `clientId` share its result. */
class Entry {
  sent = false;
  readonly text: string;
  readonly waiting: Outgoing[] = [];

  constructor(text: string) {
    this.text = text;
  }

  resolve(ack: Ack): void {
    for (const message of this.waiting) message.resolve(ack);
  }

  reject(error: ChatApiError): void {
    for (const message of this.waiting) message.reject(error);
  }
}

export class Outbox {
  heldUntil: number | undefined;
  #entries = new Map<string, Entry>();
  #inFlight = 0;
  #oneByOne = false;

  get size(): number {
    return this.#entries.size;
  }

  add(message: Outgoing): void {
    const { clientId, text } = message;
    const entry = this.#entries.get(clientId) ?? new Entry(text);
    if (entry.text === text) {
      entry.waiting.push(message);
      this.#entries.set(clientId, entry);
    } else message.reject(new ChatApiError('CONFLICT', 'Another message with this client_id is being sent'));
  }

  /** Messages of an earlier run of the app go before new ones. */
  restore(messages: Outgoing[]): void {
    const known = [...this.#entries.values()];
    this.#entries.clear();
    for (const message of [...messages, ...known.flatMap(({ waiting }) => waiting)]) this.add(message);
  }

  /** Its sender stops waiting; when the last one does, it is no longer sent. */
  leave(message: Outgoing): void {
    const waiting = this.#entries.get(message.clientId)?.waiting ?? [];
    if (waiting.includes(message) && waiting.length === 1) this.takeBack(message.clientId);
    else if (waiting.includes(message)) waiting.splice(waiting.indexOf(message), 1);
  }

  /** Stops sending it. One in flight may still arrive. */
  takeBack(clientId: string): Answered | undefined {
    const entry = this.#entries.get(clientId);
    this.#entries.delete(clientId);
    if (entry?.sent) this.#inFlight--;
    if (this.#entries.size === 0) this.#oneByOne = false;
    return entry;
  }

  /** @returns the message if it is refused permanently; otherwise it is sent again. */
  refused(clientId: string, error: ChatApiError, now: number): Answered | undefined {
    if (!error.retryable) return this.takeBack(clientId);
    const entry = this.#entries.get(clientId);
    if (entry?.sent) {
      entry.sent = false;
      this.#inFlight--;
      this.#oneByOne = true;
      this.heldUntil = Math.max(this.heldUntil ?? now, now + (error.retryAfterMs ?? DEFAULT_RETRY_MS));
    }
    return undefined;
  }

  disconnected(): void {
    for (const entry of this.#entries.values()) entry.sent = false;
    this.#inFlight = 0;
  }

  /** Frames to send now. */
  due(now: number): string[] {
    if (this.heldUntil !== undefined && now < this.heldUntil) return [];
    this.heldUntil = undefined;
    const free = (this.#oneByOne ? 1 : IN_FLIGHT) - this.#inFlight;
    const texts: string[] = [];
    for (const entry of this.#entries.values()) {
      if (texts.length >= free) break;
      if (entry.sent) continue;
      entry.sent = true;
      texts.push(entry.text);
    }
    this.#inFlight += texts.length;
    return texts;
  }

  clear(): Answered[] {
    const left = [...this.#entries.values()];
    this.#entries.clear();
    this.#inFlight = 0;
    return left;
  }
}
