// A server of one room, for the client's `fetch` and `webSocket`.
import { ChatClient } from '@chatapi/client';

const AT = '2026-01-01T12:00:00.000Z';
const anna = { username: 'anna', display_name: 'Anna', avatar_url: null, kind: 'user' };
const users = { usr_a: anna, usr_me: { ...anna, username: 'me', display_name: 'Me' } };

const message = (seq: number, content: string, more: object = {}) => ({
  id: `m${seq}`,
  chat_id: 'r1',
  seq,
  sender_id: 'usr_a',
  content,
  message_type: 'text',
  attachments: [],
  reply_to: null,
  mentions: [],
  thread_count: 0,
  reactions: [],
  status: 'sent',
  is_edited: false,
  is_deleted: false,
  created_at: AT,
  updated_at: AT,
  ...more,
});

export class FakeServer {
  readonly log = [message(1, 'one'), message(2, 'two')];
  requests = 0;
  sockets = 0;
  #socket: FakeSocket | undefined;
  readonly client: ChatClient;

  constructor() {
    const server = this;
    class Socket extends FakeSocket {
      constructor() {
        super(server);
        server.sockets++;
        server.#socket = this;
      }
    }
    this.client = new ChatClient({
      baseUrl: 'http://nowhere',
      token: 't',
      fetch: (async (url: string) => this.#answer(new URL(url).pathname)) as typeof fetch,
      webSocket: Socket as unknown as typeof WebSocket,
    });
  }

  say(frame: object): void {
    this.#socket?.onmessage?.({ data: JSON.stringify(frame) });
  }

  /** A message of somebody, or of the user's own. */
  post(content: string, more: object = {}): void {
    const posted = message(this.log.length + 1, content, more);
    this.log.push(posted);
    this.say({ type: 'message', ...posted });
  }

  take(frame: { type?: string; rooms?: { r1: number }; message?: string; client_id?: string }): void {
    if (frame.type === 'state')
      this.say({ type: 'state', rooms: [this.#room()], users, presence: {}, next_cursor: null, timestamp: AT });
    if (frame.rooms !== undefined) {
      const { r1: from } = frame.rooms;
      for (const posted of this.log.slice(from)) this.say({ type: 'message', ...posted });
      this.say({ type: 'resumed', rooms: { r1: { from, to: this.log.length, complete: true } } });
    }
    if (frame.message === undefined) return;
    const { client_id } = frame;
    const seq = this.log.length + 1;
    this.say({ type: 'ack', client_id, message_id: `m${seq}`, chat_id: 'r1', seq, created_at: AT });
    this.post(frame.message, { sender_id: 'usr_me', client_id });
  }

  #room(): object {
    const position = { last_seq: this.log.length, read_seq: 0, unread_count: 2 };
    return { chat_id: 'r1', name: 'Room one', ...position, last_message: this.log.at(-1) };
  }

  #answer(path: string): Response {
    this.requests++;
    const last_seq = this.log.length;
    const page = { has_more: false, next_cursor: null, users };
    if (path === '/messages/') return Response.json({ messages: this.log.toReversed(), last_seq, ...page });
    return Response.json({ code: 'RESOURCE_NOT_FOUND', error: true }, { status: 404 });
  }
}

class FakeSocket {
  readonly OPEN = 1;
  readyState = 1;
  readonly #server: FakeServer;
  onopen: (() => void) | null = null;
  onclose: ((event: object) => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;

  constructor(server: FakeServer) {
    this.#server = server;
    setTimeout(() => {
      this.onopen?.();
      const token_expires_at = '2099-01-01T00:00:00.000Z';
      this.onmessage?.({
        data: JSON.stringify({ type: 'hello', user_id: 'usr_me', server_time: AT, token_expires_at }),
      });
    });
  }

  send(text: string): void {
    setTimeout(() => this.#server.take(JSON.parse(text)));
  }

  close(): void {
    this.onclose?.({ code: 1000, reason: '' });
  }
}
