// The page: the application's login, and the chat with tokens that its backend mints.
const at = (id) => document.getElementById(id);
const [enterForm, problem, main, state, list, sayForm, failure] = [
  'enter',
  'problem',
  'chat',
  'state',
  'messages',
  'say',
  'failure',
].map(at);

async function ask(method, path, body) {
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
  const answer = response.status === 204 ? undefined : await response.json();
  if (!response.ok) throw Object.assign(new Error(answer.message), { status: response.status });
  return answer;
}

/** Called by the client when it needs a token, and before each one expires. */
const chatToken = async () => (await ask('POST', '/chat-token')).access_token;

function entryOf({ sender_id, content, created_at }, me, names) {
  const entry = document.createElement('li');
  entry.className = sender_id === me.chat_user_id ? 'mine' : 'theirs';
  const head = document.createElement('span');
  head.className = 'head';
  const text = document.createElement('span');
  text.className = 'text';
  text.textContent = content;
  const time = document.createElement('time');
  time.textContent = new Date(created_at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  names(sender_id).then(
    (name) => head.prepend(`${name} · `),
    () => head.prepend('Somebody · '),
  );
  head.append(time);
  entry.append(head, text);
  return entry;
}

async function openChat(me) {
  const client = new chatapi.ChatClient({ baseUrl: me.chat_url, token: chatToken });
  const known = new Map([[me.chat_user_id, Promise.resolve(me.name)]]);
  const names = (id) => {
    if (!known.has(id))
      known.set(
        id,
        client.users.get(id).then(({ display_name }) => display_name),
      );
    return known.get(id);
  };
  const shown = new Set();
  const show = (message) => {
    if (message.chat_id !== me.room || message.content === '' || shown.has(message.id)) return;
    shown.add(message.id);
    list.append(entryOf(message, me, names));
    list.scrollTop = list.scrollHeight;
  };

  enterForm.hidden = true;
  main.hidden = false;
  at('who').textContent = me.name;
  const { items } = await client.messages.list({ chat_id: me.room, limit: 50 });
  for (const message of items.reverse()) show(message);

  const ws = client.websocket.connect();
  ws.on('state', ({ to, reason }) => {
    state.textContent = to;
    state.dataset.state = to;
    if (to === 'closed') failure.textContent = reason?.message ?? 'The connection was closed';
  });
  ws.on('message', show);

  sayForm.onsubmit = (event) => {
    event.preventDefault();
    const { content } = sayForm.elements;
    const text = content.value.trim();
    if (text === '') return;
    content.value = '';
    failure.textContent = '';
    // Resolves once it is committed, whatever the network does; its own event displays it.
    ws.send({ chat_id: me.room, content: text }).catch((error) => {
      failure.textContent = error.message;
    });
  };
  at('logout').onclick = async () => {
    await client.close();
    await ask('POST', '/logout');
    location.reload();
  };
}

enterForm.onsubmit = async (event) => {
  event.preventDefault();
  problem.textContent = '';
  const body = Object.fromEntries(new FormData(enterForm));
  try {
    await openChat(await ask('POST', `/${event.submitter?.value ?? 'login'}`, body));
  } catch (error) {
    problem.textContent = error.message;
  }
};

ask('GET', '/me').then(openChat, () => {
  enterForm.hidden = false;
});
