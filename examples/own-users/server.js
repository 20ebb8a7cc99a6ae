// An application with its own users and its own login, whose pages chat. See README.md.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ChatServer } from '@chatapi/client/server';
import express from 'express';
import { addPerson, personBy } from './people.js';
import { closeSession, loggedIn, openSession } from './sessions.js';

const { CHATAPI_URL = 'http://localhost:8000', CHATAPI_KEY, PORT = '3000' } = process.env;
if (CHATAPI_KEY === undefined) throw new Error('CHATAPI_KEY must be an application key: see README.md');

const chat = new ChatServer({ baseUrl: CHATAPI_URL, key: CHATAPI_KEY });
const ROOM = 'own-users';
/** Seconds. The page asks for another token before this one ends. */
const TOKEN_S = 300;

/** Tells chatapi who this is, and lets them into the room of everybody. */
async function enter(person) {
  const { id } = await chat.users.put(person.id, { display_name: person.name });
  const { chats } = chat.as({ externalId: person.id });
  await chats.create({ chat_id: ROOM, name: 'Everybody' }).catch((error) => {
    if (error.code !== 'CONFLICT') throw error;
    return chats.join(ROOM);
  });
  return { chat_user_id: id, name: person.name, room: ROOM, chat_url: CHATAPI_URL };
}

function given({ body }) {
  const { name, password } = body ?? {};
  const isGood = typeof name === 'string' && /^[\p{L}\p{N} ._-]{1,64}$/u.test(name.trim());
  return isGood && typeof password === 'string' && password.length >= 8 ? { name: name.trim(), password } : undefined;
}

const app = express();
app.use(express.json({ limit: '10kb' }));

app.post('/accounts', async (req, res) => {
  const wanted = given(req);
  if (wanted === undefined)
    return res.status(400).json({ message: 'A name of letters and digits, and a password of at least 8 characters' });
  const person = await addPerson(wanted.name, wanted.password);
  if (person === undefined) return res.status(409).json({ message: 'This name is taken' });
  openSession(res, person);
  res.status(201).json(await enter(person));
});

app.post('/login', async (req, res) => {
  const wanted = given(req);
  const person = wanted && (await personBy(wanted.name, wanted.password));
  if (person === undefined) return res.status(401).json({ message: 'The name or the password is wrong' });
  openSession(res, person);
  res.json(await enter(person));
});

app.post('/logout', (req, res) => {
  closeSession(req, res);
  res.sendStatus(204);
});

app.get('/me', loggedIn, async (req, res) => res.json(await enter(req.person)));

// What the page's token function asks.
app.post('/chat-token', loggedIn, async (req, res) => {
  const { access_token } = await chat.users.createToken(req.person.id, { expires_in: TOKEN_S });
  res.set('Cache-Control', 'no-store').json({ access_token });
});

const script = createRequire(import.meta.url).resolve('@chatapi/client/script');
app.get('/chatapi-client.js', (_req, res) => res.sendFile(script));
app.use(express.static(join(import.meta.dirname, 'public')));

app.use((error, _req, res, _next) => {
  console.error(error);
  res.status(error.status >= 400 && error.status < 500 && error.code === undefined ? error.status : 502);
  res.json({ message: 'This did not work; try again' });
});

const server = app.listen(Number(PORT), () => console.log(`http://localhost:${server.address().port}`));
