// Repeats what is sent to it.
// CHATAPI_URL=http://localhost:8000 CHATAPI_USER=parrot CHATAPI_PASSWORD=… node bot.js
import { ChatClient } from '@chatapi/client';

const { CHATAPI_URL = 'http://localhost:8000', CHATAPI_USER, CHATAPI_PASSWORD } = process.env;

const client = new ChatClient({ baseUrl: CHATAPI_URL });
const { user } = await client.users.login({ username_or_email: CHATAPI_USER, password: CHATAPI_PASSWORD });
const ws = client.websocket.connect();

ws.on('message', async ({ id, chat_id, sender_id, content }) => {
  if (sender_id !== user.id) await ws.send({ chat_id, content: `You said: ${content}`, reply_to: id });
});

await ws.ready();
console.log('listening');
