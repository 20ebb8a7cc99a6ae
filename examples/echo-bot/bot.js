// Repeats what is written in a room, without a connection: it hears by a webhook and answers by an
// incoming webhook. See README.md.
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { ChatServer, verifyWebhook } from '@chatapi/client/server';

const { CHATAPI_URL = 'http://localhost:8000', CHATAPI_KEY, ROOM, OWNER, PORT = '3001' } = process.env;
const { BOT_URL = `http://127.0.0.1:${PORT}/` } = process.env;

const chatapi = new ChatServer({ baseUrl: CHATAPI_URL, key: CHATAPI_KEY });
const webhook = await chatapi.webhooks.create({ url: BOT_URL, events: ['message'], rooms: [ROOM] });
const incoming = await chatapi.as(OWNER).incomingWebhooks.create(ROOM, { name: 'Echo' });

/** With the event's id as client_id, so that an event that comes twice is answered once. */
async function answer(eventId, { sender_id, content }) {
  if (sender_id === incoming.bot_id) return;
  const response = await fetch(CHATAPI_URL + incoming.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text: `You said: ${content}`, client_id: eventId }),
  });
  // The event comes again when this one is not answered with 2xx.
  if (!response.ok) throw new Error(`chatapi answered ${response.status}`);
}

const server = createServer(async (request, response) => {
  try {
    const { type, data } = await verifyWebhook(request.headers, await text(request), webhook.secret);
    if (type === 'message') await answer(request.headers['webhook-id'], data);
    response.writeHead(204).end();
  } catch (error) {
    console.error(error.message);
    response.writeHead(error.code === 'AUTHENTICATION_ERROR' ? 401 : 500).end();
  }
});
server.listen(Number(PORT), () => console.log('listening'));

async function stop() {
  server.close();
  await chatapi.webhooks.delete(webhook.id);
  await chatapi.as(OWNER).incomingWebhooks.delete(ROOM, incoming.id);
}
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, stop);
