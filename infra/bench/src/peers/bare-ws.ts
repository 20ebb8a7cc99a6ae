// The lower bound: `ws` and Redis pub/sub, nothing stored, no permissions. A node verifies the
// token at the upgrade, publishes what a client sends, and sends each publication as one prepared
// frame to every socket of the room.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { Redis } from 'ioredis';
import { type WebSocket, WebSocketServer } from 'ws';
import { type Claims, open, verify } from './auth-and-listen.ts';

const redis = process.env.REDIS ?? '';
const publisher = new Redis(redis);
const subscriber = new Redis(redis);
const members = new Map<string, Set<WebSocket>>();

async function enter(topic: string, socket: WebSocket): Promise<void> {
  const present = members.get(topic) ?? new Set();
  members.set(topic, present.add(socket));
  if (present.size === 1) await subscriber.subscribe(topic);
}

function leave(topic: string, socket: WebSocket): void {
  const present = members.get(topic);
  present?.delete(socket);
  if (present?.size === 0) {
    members.delete(topic);
    void subscriber.unsubscribe(topic);
  }
}

subscriber.on('messageBuffer', (topic: Buffer, frame: Buffer) => {
  for (const socket of members.get(topic.toString()) ?? []) socket.send(frame, { binary: false });
});

async function welcome(ws: WebSocket, { sub: id, rooms }: Claims): Promise<void> {
  const topics = [`u:${id}`, ...rooms.map((room) => `r:${room}`)];
  ws.on('error', () => undefined);
  ws.on('message', (data) => {
    const { message, chat_id, recipient_id } = JSON.parse(String(data));
    const body = { id: randomUUID(), sender_id: id, content: message, created_at: new Date().toISOString() };
    const frame = JSON.stringify({ type: 'message', ...body, chat_id, recipient_id });
    if (recipient_id === undefined) return void publisher.publish(`r:${chat_id}`, frame);
    void publisher.publish(`u:${recipient_id}`, frame);
    ws.send(frame);
  });
  ws.on('close', () => {
    for (const topic of topics) leave(topic, ws);
  });
  await Promise.all(topics.map((topic) => enter(topic, ws)));
  ws.send(JSON.stringify({ type: 'hello', user_id: id }));
}

const http = createServer((_request, response) => response.writeHead(404).end());
const server = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 65_536 });
http.on('upgrade', (request, socket, head) => {
  try {
    const claims = verify(new URL(request.url ?? '/', 'http://x').searchParams.get('token') ?? '');
    server.handleUpgrade(request, socket, head, (ws) => void welcome(ws, claims));
  } catch {
    socket.destroy();
  }
});
open(http);
