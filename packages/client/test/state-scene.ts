// A server for the stores: a fake socket and fake REST answers.
import { type Message, newMessage, type Room as RoomModel } from '../src/models.ts';
import { type Live, live, type Store } from '../src/state/index.ts';
import { type Asked, answering, clientOf, FakeSocket, until } from './fake-server.ts';

export const AT = '2026-01-01T12:00:00.000Z';
export const HELLO = {
  type: 'hello',
  user_id: 'usr_me',
  server_time: AT,
  token_expires_at: '2099-01-01T00:00:00.000Z',
};
export const ANNA = { username: 'anna', display_name: 'Anna', avatar_url: null, kind: 'user' };
const CARDS = { usr_a: ANNA, usr_me: { ...ANNA, username: 'me', display_name: 'Me' } };

export const text = (seq: number, more: Partial<Message> = {}): Message =>
  newMessage({
    id: `m${seq}`,
    chat_id: 'r1',
    seq,
    sender_id: 'usr_a',
    content: `text ${seq}`,
    created_at: AT,
    ...more,
  });
export const event = (seq: number, more: Partial<Message> = {}) => ({ type: 'message', ...text(seq, more) });
export const roomOf = (chat_id: string, last: Message | null, unread_count: number): RoomModel => ({
  id: chat_id,
  chat_id,
  kind: 'private',
  name: chat_id,
  topic: null,
  visibility: 'private',
  role: 'member',
  archived: false,
  member_count: 2,
  slow_mode_seconds: 0,
  last_seq: last?.seq ?? 0,
  read_seq: 0,
  unread_count,
  last_message: last,
  created_at: '2025-01-01T12:00:00.000Z',
  updated_at: AT,
});

export class Scene {
  readonly history = [1, 2, 3].map((seq) => text(seq));
  users: object | undefined = CARDS;
  /** Servers before 0.2 refuse the frame. */
  knowsState = true;
  presence: object = {};
  refuses: { status: number; body: object } | undefined;
  readonly asked: Asked[];
  readonly live: Live;

  constructor() {
    const { asked, fetch } = answering((call) => this.#answer(call));
    this.asked = asked;
    this.live = live(clientOf({ fetch, token: 't', retries: 0 }));
  }

  /** Connects a store's first listener, as the server would. */
  async connected<T>(store: Store<T>): Promise<T[]> {
    const known = FakeSocket.all.length;
    const seen: T[] = [];
    store.subscribe((snapshot) => seen.push(snapshot));
    await until(() => FakeSocket.all.length > known);
    FakeSocket.last.open();
    FakeSocket.last.say(HELLO);
    await until(() => this.live.connection().getSnapshot().state === 'connected');
    await this.answerState();
    return seen;
  }

  async answerState(): Promise<void> {
    await until(() => FakeSocket.last.sent.some(({ type }) => type === 'state'));
    if (!this.knowsState) FakeSocket.last.say({ type: 'error', code: 'VALIDATION_ERROR', message: 'type' });
    else FakeSocket.last.say({ type: 'state', ...this.#rooms(), presence: this.presence, timestamp: AT });
  }

  #rooms(): object {
    const rooms = [roomOf('r2', null, 0), roomOf('r1', this.history.at(-1) ?? null, 2)];
    return { rooms, has_more: false, next_cursor: null, users: this.users };
  }

  #answer({ method, path, body }: Asked): [number, unknown] {
    if (method !== 'GET' && this.refuses) return [this.refuses.status, this.refuses.body];
    if (path.startsWith('/rooms?')) return [200, this.#rooms()];
    if (path === '/rooms/r1') return [200, roomOf('r1', this.history.at(-1) ?? null, 1)];
    if (path.startsWith('/messages/?')) return [200, this.#page(new URLSearchParams(path.slice(path.indexOf('?'))))];
    if (path.startsWith('/users?ids=')) {
      const ids = path.slice(11).split(',');
      return [200, { users: ids.map((id) => ({ id, ...ANNA, presence: { status: 'online', last_seen: null } })) }];
    }
    if (path.includes('/members'))
      return [200, { members: [{ user_id: 'usr_a', ...ANNA, role: 'owner' }], has_more: false }];
    if (method === 'PUT' && path === '/messages/m1') return [200, text(1, { ...body, is_edited: true })];
    return [204, undefined];
  }

  #page(query: URLSearchParams): object {
    const [before, limit] = [Number(query.get('before_seq') ?? 1e9), Number(query.get('limit'))];
    const found = this.history.filter(({ seq }) => seq < before).reverse();
    const page = { has_more: found.length > limit, last_seq: this.history.at(-1)?.seq ?? 0, users: this.users };
    return { messages: found.slice(0, limit), ...page };
  }
}
