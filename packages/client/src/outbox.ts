// Owns: messages on their way, in the order of their sending, until each is answered. A cut connection loses none.
import type { ChatApiError } from './errors.ts';

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

/** A message on its way: kept, and sent again under the same `clientId`, until the server has answered it. */
export interface Outgoing {
  clientId: string;
  /** The frame. */
  text: string;
  resolve(ack: Ack): void;
  reject(error: ChatApiError): void;
}

interface Entry {
  message: Outgoing;
  sent: boolean;
}

const both = (first: Outgoing, second: Outgoing): Outgoing => ({
  ...first,
  resolve(ack) {
    first.resolve(ack);
    second.resolve(ack);
  },
  reject(error) {
    first.reject(error);
    second.reject(error);
  },
});

export class Outbox {
  heldUntil: number | undefined;
  #entries = new Map<string, Entry>();
  #inFlight = 0;
  #oneByOne = false;

  get size(): number {
    return this.#entries.size;
  }

  /** Under a `clientId` that is on its way already, both wait for the one answer. */
  add(message: Outgoing): void {
    const known = this.#entries.get(message.clientId);
    if (known === undefined) this.#entries.set(message.clientId, { message, sent: false });
    else known.message = both(known.message, message);
  }

  /** Those of an earlier life of the app go before what it sends now. */
  restore(messages: Outgoing[]): void {
    const known = [...this.#entries];
    this.#entries.clear();
    for (const message of messages) this.add(message);
    for (const [clientId, entry] of known) {
      const restored = this.#entries.get(clientId);
      if (restored === undefined) this.#entries.set(clientId, entry);
      else restored.message = both(restored.message, entry.message);
    }
  }

  /** No longer to be sent. One that is in flight may still arrive. */
  takeBack(clientId: string): Outgoing | undefined {
    const entry = this.#entries.get(clientId);
    this.#entries.delete(clientId);
    if (entry?.sent) this.#inFlight--;
    if (this.#entries.size === 0) this.#oneByOne = false;
    return entry?.message;
  }

  /** @returns the message when it is refused for good; else it stays and is sent again. */
  refused(clientId: string, error: ChatApiError, now: number): Outgoing | undefined {
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
      texts.push(entry.message.text);
    }
    this.#inFlight += texts.length;
    return texts;
  }

  clear(): Outgoing[] {
    const left = [...this.#entries.values()].map(({ message }) => message);
    this.#entries.clear();
    this.#inFlight = 0;
    return left;
  }
}
