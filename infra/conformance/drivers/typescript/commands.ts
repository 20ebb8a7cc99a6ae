// The commands of the suite; see PROTOCOL.md, "Commands".
import { setTimeout as sleep } from 'node:timers/promises';
import { ChatClient, type Logger, type Message, type Realtime } from '@chatapi/client';
import type { Arguments, Command } from './command.ts';
import { openServerCommands } from './server-commands.ts';
import { connectStores, type StoresConnection } from './stores.ts';
import { type View, watch } from './view.ts';

export const OWN_FAILURE = 'the handler’s own failure';
const LINE = 'a line of text\n';

interface Connection {
  socket: Realtime;
  view: View;
  release(): void;
}

async function listed<T, U>(items: AsyncIterable<T>, of: (item: T) => U): Promise<U[]> {
  const found: U[] = [];
  for await (const item of items) found.push(of(item));
  return found;
}

/** Sets the clock of this process, as apps and libraries read it. */
function setClock(seconds: number): void {
  const TrueDate = Date;
  const now = (): number => TrueDate.now() + seconds * 1000;
  globalThis.Date = new Proxy(TrueDate, {
    construct: (target, args) => Reflect.construct(target, args.length === 0 ? [now()] : args),
    get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
  });
}

async function upload(client: ChatClient, { name, size, abort_at }: Arguments): Promise<object> {
  const text = new TextEncoder().encode(LINE.repeat(size / LINE.length + 1).slice(0, size));
  const progress: [number, number | undefined][] = [];
  const stop = new AbortController();
  const onProgress = (sent: number, total?: number): void => {
    progress.push([sent, total]);
    if (abort_at !== undefined && sent >= abort_at) stop.abort();
  };
  return { file: await client.files.upload(text, { name, onProgress, signal: stop.signal }), progress };
}

async function echo(client: ChatClient, socket: Realtime, chat_id: string, { content }: Message): Promise<void> {
  if (content !== 'hello') return;
  await client.messages.send({ chat_id, content: 'echo' });
  await socket.send({ chat_id, content: 'echo' });
}

function connect(client: ChatClient, { keep = false, slow, echo: room, fails, holds }: Arguments): Connection {
  const socket = client.websocket.connect();
  const view = watch(socket, keep);
  if (slow !== undefined) socket.on('message', ({ seq }) => (seq % slow.every === 0 ? sleep(slow.ms) : undefined));
  const released = Promise.withResolvers<void>();
  if (holds) socket.on('message', () => released.promise);
  if (room !== undefined) socket.on('message', (message) => echo(client, socket, room, message));
  if (fails)
    socket.on('message', () => {
      throw new Error(OWN_FAILURE);
    });
  return { socket, view, release: released.resolve };
}

async function ended(socket: Realtime): Promise<void> {
  while (socket.state !== 'closed') await socket.once('state');
  await socket.ready();
}

/**
 * Heap in MiB after garbage collection. Resident memory would include V8's young generation, which
 * depends on the load.
 */
function held(): number {
  gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 2 ** 20;
}

/** The same commands for an app that shows stores. */
export function openStoreCommands(
  askToken: (client: string) => Promise<string>,
  logger: Logger,
): Record<string, Command> {
  const clients = new Map<string, ChatClient>();
  const commands = openCommands(askToken, logger, clients);
  const sockets = new Map<string, StoresConnection>();
  const of = ({ socket }: Arguments): StoresConnection => sockets.get(socket) as StoresConnection;
  return {
    ...commands,
    connect: (args) => void sockets.set(args.socket, connectStores(clients.get(args.client) as ChatClient)),
    ready: (args) => of(args).ready(),
    say: ({ socket, ...message }) => of({ socket }).say(message),
    report: ({ socket, entries = false }) => of({ socket }).report(entries),
    disconnect: (args) => of(args).close(),
  };
}

export function openCommands(
  askToken: (client: string) => Promise<string>,
  logger: Logger,
  clients = new Map<string, ChatClient>(),
): Record<string, Command> {
  const sockets = new Map<string, Connection>();
  const clientOf = ({ client }: Arguments): ChatClient => clients.get(client) as ChatClient;
  const socketOf = ({ socket }: Arguments): Realtime => (sockets.get(socket) as Connection).socket;
  return {
    open: ({ client, base_url: baseUrl, token, refresh_token: refreshToken, asks_token }) => {
      const source = asks_token ? () => askToken(client) : token;
      clients.set(client, new ChatClient({ baseUrl, token: source, refreshToken, logger }));
    },
    register: ({ client, ...account }) => clientOf({ client }).users.register(account),
    login: ({ client, ...account }) => clientOf({ client }).users.login(account),
    ...openServerCommands(),
    create_key: ({ client, ...key }) => clientOf({ client }).admin.createKey(key),
    me: (args) => clientOf(args).users.me(),
    ban: (args) => clientOf(args).admin.ban(args.user_id),
    end_sessions: (args) => clientOf(args).admin.endSessions(args.user_id),
    change_password: ({ client, ...passwords }) => clientOf({ client }).users.changePassword(passwords),
    end_others: (args) => clientOf(args).users.endOtherSessions(),
    end_session: (args) => clientOf(args).users.endSession(args.session_id),
    remove_member: (args) => clientOf(args).chats.removeMember(args.chat_id, args.user_id),
    create_room: ({ client, ...room }) => clientOf({ client }).chats.create({ ...room, visibility: 'private' }),
    add_member: ({ client, chat_id, user_id }) => clientOf({ client }).chats.addMember(chat_id, user_id),
    send: ({ client, ...message }) => clientOf({ client }).messages.send(message),
    edit: ({ client, message_id, ...edit }) => clientOf({ client }).messages.update(message_id, edit),
    search: async ({ client, ...query }) =>
      (await clientOf({ client }).messages.search(query)).items.map(({ content }) => content),
    rooms: async ({ client, ...query }) => {
      const { items, next_cursor } = await clientOf({ client }).chats.list(query);
      return { ids: items.map(({ id }) => id), next_cursor };
    },
    all_rooms: (args) => listed(clientOf(args).chats.iterate(), ({ id }) => id),
    react: (args) => clientOf(args).messages.react(args.message_id, args.emoji),
    iterate: ({ client, ...query }) =>
      listed(clientOf({ client }).messages.iterate(query), ({ seq, id, content }) => [seq, id, content]),
    upload: (args) => upload(clientOf(args), args),
    files: (args) => listed(clientOf(args).files.iterate(), ({ id }) => id),
    connect: (args) => void sockets.set(args.socket, connect(clientOf(args), args)),
    ready: (args) => socketOf(args).ready(args.seconds * 1000),
    say: ({ socket, ...message }) => socketOf({ socket }).send(message),
    typing: (args) => socketOf(args).typing(args.chat_id, args.stop ? { stop: true } : {}),
    rename: ({ client, display_name }) => clientOf({ client }).users.update({ display_name }),
    mark_read: ({ socket, ...read }) => socketOf({ socket }).markRead(read),
    release: ({ socket }) => sockets.get(socket)?.release(),
    report: ({ socket, entries = false }) => sockets.get(socket)?.view.report(entries),
    ended: (args) => ended(socketOf(args)),
    disconnect: (args) => socketOf(args).close(),
    close: (args) => clientOf(args).close(),
    clock: ({ seconds }) => setClock(seconds),
    held,
  };
}
