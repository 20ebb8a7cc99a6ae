// Owns: messages on their way, in the order of their sending, until each is answered. A cut connection loses none.
import { ChatApiError } from './errors.ts';

/** Sends that may wait for their answer at once; one alone while the server refuses some, so that none overtakes another. */
const IN_FLIGHT = 32;
/** Where the server refused for now and did not say for how long. */
const REFUSED_WAIT_MS = 1000;

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

/** A message on its way: kept, and sent again under the same `clientId`, until the server has answered it. */
export interface Outgoing extends Answered {
  clientId: string;
  /** The frame. */
  text: string;
}

/** All that are sent under one `clientId` wait for the one answer. */
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
    } else message.reject(new ChatApiError('CONFLICT', 'Another message is on its way under this client_id'));
  }

  /** Those of an earlier life of the app go before what it sends now. */
  restore(messages: Outgoing[]): void {
    const known = [...this.#entries.values()];
    this.#entries.clear();
    for (const message of [...messages, ...known.flatMap(({ waiting }) => waiting)]) this.add(message);
  }

  /** Who sent it waits no longer; with the last of them it is no longer sent. */
  leave(message: Outgoing): void {
    const waiting = this.#entries.get(message.clientId)?.waiting ?? [];
    if (waiting.includes(message) && waiting.length === 1) this.takeBack(message.clientId);
    else if (waiting.includes(message)) waiting.splice(waiting.indexOf(message), 1);
  }

  /** No longer to be sent. One that is in flight may still arrive. */
  takeBack(clientId: string): Answered | undefined {
    const entry = this.#entries.get(clientId);
    this.#entries.delete(clientId);
    if (entry?.sent) this.#inFlight--;
    if (this.#entries.size === 0) this.#oneByOne = false;
    return entry;
  }

  /** @returns the message when it is refused for good; else it stays and is sent again. */
  refused(clientId: string, error: ChatApiError, now: number): Answered | undefined {
    if (!error.retryable) return this.takeBack(clientId);
    const entry = this.#entries.get(clientId);
    if (entry?.sent) {
      entry.sent = false;
      this.#inFlight--;
      this.#oneByOne = true;
      this.heldUntil = Math.max(this.heldUntil ?? now, now + (error.retryAfterMs ?? REFUSED_WAIT_MS));
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
