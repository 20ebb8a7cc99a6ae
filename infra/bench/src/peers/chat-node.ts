// The hand-written chat's node: Socket.IO with the Redis adapter. A message is inserted before it
// is broadcast; a reconnecting client gets messages with `id > last`, as in Socket.IO's tutorial.
import { createServer } from 'node:http';
import { createAdapter } from '@socket.io/redis-adapter';
import { Redis } from 'ioredis';
import { Server } from 'socket.io';
import { open, verify } from './auth-and-listen.ts';
import { insert, missed } from './chat-store.ts';

const redis = process.env.REDIS ?? '';
const http = createServer();
const io = new Server(http, {
  transports: ['websocket'],
  serveClient: false,
  maxHttpBufferSize: 65_536,
  // Its own key, since the reference servers share one Redis.
  adapter: createAdapter(new Redis(redis), new Redis(redis), { key: 'hand-written' }),
});

io.use((socket, next) => {
  try {
    socket.data = verify(socket.handshake.auth.token);
    next();
  } catch (error) {
    next(error as Error);
  }
});

io.on('connection', async (socket) => {
  const { sub, rooms } = socket.data;
  socket.on('message', async ({ message, chat_id, recipient_id }, acknowledge) => {
    const room = chat_id ?? [sub, recipient_id].sort().join(':');
    const row = await insert(room, sub, message);
    const to = recipient_id === undefined ? `r:${room}` : [`u:${recipient_id}`, `u:${sub}`];
    socket.to(to).emit('message', row);
    acknowledge(row);
  });
  // Joins first: a message committed in between arrives twice, not never. The client ignores known
  // ids.
  socket.join([`u:${sub}`, ...rooms.map((room: string) => `r:${room}`)]);
  const { last } = socket.handshake.auth;
  if (last !== undefined) socket.emit('missed', await missed(rooms, last));
});
open(http);
