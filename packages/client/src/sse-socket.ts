// A socket over server-sent events and REST, for networks that block WebSocket: what the server
// says comes by `GET /events`, what the client says goes by REST. It speaks the frames of the
// WebSocket, with the same promises, so that nobody above it knows the difference.

import { asError, type ChatApiError, isObject, NETWORK_ERROR } from './errors.ts';
import type { Frame } from './machine.ts';
import type { Message } from './models.ts';
import { path } from './paths.ts';
import { now } from './platform.ts';
import type { Rest } from './rest.ts';
import type { Lost, Socket } from './socket.ts';
import { SseReader } from './sse-reader.ts';
import { Replays } from './sse-replays.ts';

const OPEN_MS = 10_000;
/** The server writes a comment every 5 s. */
const SILENCE_MS = 12_000;
const ABNORMAL = 1006;
const TOKEN_ENDED = 4401;
/** Messages without a room go there. */
const DEFAULT_ROOM = 'general';
/** The outboxes of all tabs know of a refusal by then, and none repeats a message before. */
const REFUSES_MS = 500;

type Received = (frame: Frame, text: string) => void;

export class SseSocket implements Socket {
  readonly lost: Promise<Lost>;
  readonly #rest: Rest;
  readonly #received: Received;
  readonly #ended = new AbortController();
  readonly #replays: Replays;
  /** Client ids of messages without an answer. */
  readonly #unanswered = new Set<string>();
  #end: (lost: Lost) => void = () => undefined;
  #stream: AbortController | undefined;
  /** Of the last event of the stream. */
  #cursor: string | undefined;
  #greeted = false;
  #heardAt = now();
  #sending: Promise<void> = Promise.resolve();
  /** The last one by room. */
  readonly #typed: Record<string, Frame> = {};
  #typing: Promise<unknown> = Promise.resolve();
  /** Why what follows is refused for a moment: else it would overtake the message that was. */
  #refusal: ChatApiError | undefined;
  #refusesUntil = 0;

  constructor(rest: Rest, token: string | undefined, received: Received) {
    this.#rest = rest;
    this.#received = received;
    const deliver: Received = (frame, text) => !this.#isOver && received(frame, text);
    this.#replays = new Replays(rest, deliver, (error) => this.#refuse(error), this.#ended.signal);
    this.lost = new Promise((resolve) => {
      this.#end = resolve;
    });
    void this.#listen(token);
    const late = setTimeout(() => !this.#greeted && this.drop('no events'), OPEN_MS);
    void this.lost.then(() => clearTimeout(late));
  }

  drop(reason: string): void {
    this.#close(ABNORMAL, reason);
  }

  send(text: string): void {
    const frame = JSON.parse(text) as Frame;
    const does: Record<string, () => unknown> = {
      ping: () => now() - this.#heardAt < SILENCE_MS && this.#say({ type: 'pong' }),
      auth: () => this.#listen(frame.token as string),
      read: () => this.#tell('PUT', frame, { seq: frame.seq }),
      resume: () => this.#replays.resume(frame.rooms as Record<string, number>),
      state: () => this.#replays.state(frame),
      typing: () => this.#type(frame),
    };
    const act = frame.type === undefined ? () => this.#queue(frame) : does[String(frame.type)];
    void Promise.resolve(act?.()).catch((error) => this.drop(String(error)));
  }

  #close(code: number, reason: string): void {
    this.#stream?.abort();
    this.#ended.abort();
    this.#end({ code, reason, opened: this.#greeted });
  }

  get #isOver(): boolean {
    return this.#ended.signal.aborted;
  }

  #say(frame: Frame): void {
    if (!this.#isOver) this.#received(frame, JSON.stringify(frame));
  }

  // What the server says.

  /**
   * A second stream, with a new token, replaces the first one once it is live. It begins after what
   * that one brought: what comes in between would be on neither.
   */
  async #listen(token: string | undefined): Promise<void> {
    const stream = new AbortController();
    const reader = new SseReader((name, data, id) => {
      if (stream.signal.aborted) return;
      if (name === 'hello') this.#hello(stream, JSON.parse(data) as Frame);
      else if (stream === this.#stream) {
        this.#cursor = id ?? this.#cursor;
        this.#event(name, data);
      }
    });
    try {
      const after: Record<string, string> = this.#cursor === undefined ? {} : { 'Last-Event-ID': this.#cursor };
      const headers = { ...this.#rest.headers(token), ...after, Accept: 'text/event-stream' };
      const signal = AbortSignal.any([stream.signal, this.#ended.signal]);
      const url = `${this.#rest.baseUrl}/events`;
      const response = await this.#rest.fetch(url, { headers, redirect: 'manual', signal });
      if (!response.headers.get('content-type')?.startsWith('text/event-stream') || response.body === null) {
        this.#refused(stream, response.status);
        return;
      }
      this.#stream ??= stream;
      const bytes = response.body.getReader();
      for (let part = await bytes.read(); !part.done; part = await bytes.read()) {
        this.#heardAt = now();
        reader.take(part.value);
      }
      this.#gone(stream, 'the stream has ended');
    } catch (error) {
      this.#gone(stream, String(error));
    }
  }

  #refused(stream: AbortController, status: number): void {
    stream.abort();
    if (!this.#greeted) this.#close(status === 401 ? TOKEN_ENDED : ABNORMAL, `no events: status ${status}`);
  }

  /** The end of a stream that was replaced, or that never began, is none of the socket. */
  #gone(stream: AbortController, reason: string): void {
    if (this.#stream === stream || !this.#greeted) this.drop(reason);
  }

  #hello(stream: AbortController, hello: Frame): void {
    const { token_expires_at } = hello;
    if (this.#stream !== stream) this.#stream?.abort();
    this.#stream = stream;
    this.#say(this.#greeted ? { type: 'authenticated', token_expires_at } : hello);
    this.#greeted = true;
  }

  #event(name: string, data: string): void {
    const frame: unknown = JSON.parse(data);
    if (!isObject(frame)) return;
    if (name === 'close') this.#close(Number(frame.code), String(frame.message));
    // The next connection asks for each room.
    if (name === 'resync') this.drop('the log does not reach back');
    if (name === 'close' || name === 'live' || name === 'resync') return;
    const { client_id } = frame as Frame;
    // The answer to a message comes before its frame, as on a WebSocket.
    if (name === 'message' && this.#unanswered.has(String(client_id))) this.#ack(frame as unknown as Message);
    this.#replays.take(frame, data);
  }

  // What the client says.

  #ack({ id, client_id = '', chat_id, seq, created_at }: Message): void {
    if (this.#unanswered.delete(client_id))
      this.#say({ type: 'ack', client_id, message_id: id, chat_id, seq, created_at });
  }

  #refuse({ code, message, details, retryAfterMs }: ChatApiError, client_id?: string): void {
    this.#say({ type: 'error', code, message, details, client_id, retry_after_ms: retryAfterMs });
  }

  /** One after the other, so that they keep their order. */
  #queue({ message: content, ...rest }: Frame): Promise<void> {
    const client_id = String(rest.client_id);
    const target = 'chat_id' in rest || 'recipient_id' in rest ? {} : { chat_id: DEFAULT_ROOM };
    this.#unanswered.add(client_id);
    this.#sending = this.#sending.then(() => this.#post(client_id, { ...target, ...rest, content }));
    return this.#sending;
  }

  async #post(client_id: string, body: object): Promise<void> {
    if (this.#isOver) return;
    try {
      if (now() < this.#refusesUntil) throw this.#refusal;
      const signal = this.#ended.signal;
      this.#ack(await this.#rest.call<Message>('POST', '/messages/', { body, waits: false, signal }));
    } catch (thrown) {
      const error = asError(thrown);
      // It may have arrived: the next connection sends it again.
      if (error.code === NETWORK_ERROR || error.foreign) this.drop(error.message);
      this.#unanswered.delete(client_id);
      this.#refuse(error, client_id);
      if (error.retryable && error !== this.#refusal) {
        this.#refusal = error;
        this.#refusesUntil = now() + Math.min(REFUSES_MS, error.retryAfterMs ?? REFUSES_MS);
      }
    }
  }

  /** One after the other, so that no stop is overtaken; of a room only what was said last. */
  #type(frame: Frame): void {
    const room = frame.chat_id as string;
    this.#typed[room] = frame;
    this.#typing = this.#typing.then(
      () => this.#typed[room] === frame && this.#tell('POST', frame, { stop: frame.stop }),
    );
  }

  /** What may be lost. Its route is called as its frame. */
  #tell(method: string, { type, chat_id }: Frame, body: object): Promise<unknown> {
    const how = { body, waits: false, signal: this.#ended.signal };
    return this.#rest.call(method, path`/rooms/${chat_id as string}/${type as string}`, how).catch(() => undefined);
  }
}
