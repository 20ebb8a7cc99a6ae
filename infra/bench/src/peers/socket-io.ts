// Socket.IO with the Redis adapter, as in its documentation: rooms, acknowledgements, nothing
// stored.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { createAdapter } from '@socket.io/redis-adapter';
import { Redis } from 'ioredis';
import { Server } from 'socket.io';
import { open, verify } from './auth-and-listen.ts';

const redis = process.env.REDIS ?? '';
const http = createServer();
const io = new Server(http, {
  transports: ['websocket'],
  serveClient: false,
  maxHttpBufferSize: 65_536,
  adapter: createAdapter(new Redis(redis), new Redis(redis)),
});

io.use((socket, next) => {
  try {
    socket.data = verify(socket.handshake.auth.token);
    next();
  } catch (error) {
    next(error as Error);
  }
});

io.on('connection', (socket) => {
  const { sub, rooms } = socket.data;
  socket.on('message', ({ message, chat_id, recipient_id }, acknowledge) => {
    const row = { id: randomUUID(), sender_id: sub, content: message, chat_id, recipient_id, created_at: new Date() };
    const to = recipient_id === undefined ? `r:${chat_id}` : [`u:${recipient_id}`, `u:${sub}`];
    socket.to(to).emit('message', row);
    acknowledge(row);
  });
  socket.join([`u:${sub}`, ...rooms.map((room: string) => `r:${room}`)]);
});
open(http);
