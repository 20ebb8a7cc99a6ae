// Messages sent over the connection: frames, the outbox, and the wait for the acknowledgement.
import { ABORTED, ChatApiError, NETWORK_ERROR } from './errors.ts';
import type { Logger } from './logger.ts';
import { type Machine, overOf } from './machine.ts';
import type { SendInput } from './messages.ts';
import { type Message, newMessage } from './models.ts';
import type { Ack } from './outbox.ts';
import type { OutboxStore, StoredSend } from './outbox-store.ts';
import { newId } from './platform.ts';

const MAX_FRAME_BYTES = 64 * 1024;

export type LiveSendInput = Omit<SendInput, 'message_type'>;

export interface LiveSendOptions {
  /** Default: as long as it takes. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

interface SendFrame extends Omit<LiveSendInput, 'content'> {
  message: string;
  client_id: string;
}

function frameOf({ content = '', ...rest }: LiveSendInput): { frame: SendFrame; text: string } {
  const frame = { client_id: newId(), ...rest, message: content };
  const text = JSON.stringify(frame);
  const { length } = frame.client_id;
  if (new TextEncoder().encode(text).length > MAX_FRAME_BYTES || length < 1 || length > 64)
    throw new ChatApiError('VALIDATION_ERROR', 'A frame has at most 64 KiB, a client_id 1 to 64 characters');
  return { frame, text };
}

/** `content` as it was sent. Attachments are only in the event of the message. */
function sentMessage({ message_id: id, chat_id, seq, created_at }: Ack, text: string, sender_id: string): Message {
  const { message: content, attachments: _, ...given } = JSON.parse(text) as SendFrame;
  return newMessage({ ...given, id, chat_id, seq, sender_id, content, created_at });
}

export class Sends {
  readonly #machine: Machine;
  readonly #store: OutboxStore | undefined;
  readonly #logger: Logger;
  readonly #act: () => void;
  readonly #refused: (error: ChatApiError) => void;
  #restored: StoredSend[] | undefined;
  #storing: Promise<void> = Promise.resolve();

  /**
   * `refused`: hears of a message of an earlier life of the app, for which no call waits any more.
   */
  constructor(
    machine: Machine,
    store: OutboxStore | undefined,
    logger: Logger,
    act: () => void,
    refused: (error: ChatApiError) => void,
  ) {
    this.#machine = machine;
    this.#store = store;
    this.#logger = logger;
    this.#act = act;
    this.#refused = refused;
  }

  /** Reads what an earlier life of the app left, once. */
  async load(): Promise<void> {
    if (this.#store === undefined || this.#restored !== undefined) return;
    await this.#keeping(async (store) => {
      this.#restored = await store.load();
    });
  }

  /** It goes before what was sent since, where it is the same user's. */
  restore(): void {
    const mine = (this.#restored ?? []).filter(
      ({ user_id = this.#machine.userId }) => user_id === this.#machine.userId,
    );
    this.#restored = this.#store && [];
    this.#machine.outbox.restore(
      mine.map(({ client_id, frame }) => ({
        clientId: client_id,
        text: frame,
        resolve: () => this.#remove(client_id),
        reject: (error) => {
          if (this.#machine.isClosed) return;
          this.#remove(client_id);
          this.#refused(error);
        },
      })),
    );
  }

  async send(input: LiveSendInput, userId: string | undefined, options: LiveSendOptions): Promise<Message> {
    const { frame, text } = frameOf(input);
    const { client_id } = frame;
    // Nothing of it is to be found in the next life: its sender knows.
    if (this.#machine.isClosed) throw overOf(this.#machine);
    const answer = this.#answer(client_id, text, options);
    if (this.#store === undefined) answer.start();
    else {
      this.#storing = this.#storing
        .then(() => this.#keeping((store) => store.put({ client_id, user_id: userId, frame: text })))
        .then(answer.start);
    }
    try {
      const ack = await answer.acked;
      this.#remove(client_id);
      return sentMessage(ack, text, this.#machine.userId ?? '');
    } catch (error) {
      // What a closed connection did not get through is for the next life of the app.
      if (!this.#machine.isClosed) this.#remove(client_id);
      throw error;
    }
  }

  #answer(clientId: string, text: string, { timeoutMs, signal }: LiveSendOptions) {
    const { promise, resolve, reject } = withResolvers<Ack>();
    const message = { clientId, text, resolve, reject };
    let givenUp = false;
    const giveUp = (code: string, why: string): void => {
      givenUp = true;
      this.#machine.outbox.leave(message);
      reject(new ChatApiError(code, why));
    };
    const aborted = (): void => giveUp(ABORTED, 'The message was aborted; it may have arrived');
    const late = (): void => giveUp(NETWORK_ERROR, `No answer to the message within ${timeoutMs} ms`);
    const timer = timeoutMs === undefined ? undefined : setTimeout(late, timeoutMs);
    if (signal?.aborted) aborted();
    signal?.addEventListener('abort', aborted);
    const acked = promise.finally(() => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', aborted);
    });
    const start = (): void => {
      if (givenUp) return;
      this.#machine.send(message);
      this.#act();
    };
    return { acked, start };
  }

  #remove(clientId: string): void {
    if (this.#store !== undefined) void this.#keeping((store) => store.remove(clientId));
  }

  /** A store that fails costs what it would have kept, not the message. */
  async #keeping(work: (store: OutboxStore) => void | Promise<void>): Promise<void> {
    try {
      await work(this.#store as OutboxStore);
    } catch (error) {
      this.#logger.error('the store of the outbox failed:', error);
    }
  }
}

function withResolvers<T>(): { promise: Promise<T>; resolve(value: T): void; reject(error: unknown): void } {
  let settle = {} as { resolve(value: T): void; reject(error: unknown): void };
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  return { promise, ...settle };
}
