// The main calls of the API document, through openapi-fetch. `openapi.ts` is made by compileWalk.
import { expect } from 'chai';
import createClient, { type Client } from 'openapi-fetch';
import type { components, paths } from './openapi.ts';

type Schemas = components['schemas'];
type Api = Client<paths>;

type Result<T> = { data: T; error?: never } | { data?: never; error: Schemas['Error'] };

/** @throws Error for any documented error. */
function dataOf<T>({ data, error }: Result<T>): T {
  if (error !== undefined) throw new Error(`${error.code}: ${error.message} (${error.request_id})`);
  return data;
}

async function signIn(url: string, username: string): Promise<Api> {
  const anonymous = createClient<paths>({ baseUrl: url });
  const password = 'copper-violet-meadow-27';
  const account = { username, email: `${username}@example.com`, password };
  const registered = dataOf(
    await anonymous.POST('/users/register', { body: { ...account, display_name: 'John Doe' } }),
  );
  expect(registered.user.display_name).to.equal('John Doe');
  const refused = await anonymous.POST('/users/login', { body: { username_or_email: username, password: 'wrong' } });
  const code: Schemas['Error']['code'] | undefined = refused.error?.code;
  expect(code).to.equal('AUTHENTICATION_ERROR');
  const session = dataOf(await anonymous.POST('/users/login', { body: { username_or_email: username, password } }));
  const api = createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${session.access_token}` } });
  const me: Schemas['Me'] = dataOf(await api.GET('/users/me'));
  expect(me).to.include({ id: registered.user.id, email: account.email });
  return api;
}

async function walkMessages(api: Api, chat_id: string): Promise<void> {
  const room: Schemas['Room'] = dataOf(
    await api.POST('/rooms', { body: { chat_id, name: 'Typed', visibility: 'private', member_ids: [] } }),
  );
  expect(room).to.include({ id: chat_id, name: 'Typed', visibility: 'private' });
  const sent = dataOf(
    await api.POST('/messages', { body: { chat_id, content: 'Hello everyone!', message_type: 'text' } }),
  );
  const list = dataOf(await api.GET('/messages', { params: { query: { chat_id, limit: 50, skip: 0 } } }));
  expect(list.messages.map(({ id }) => id)).to.deep.equal([sent.id]);
  expect(list.has_more).to.equal(false);
  const params = { path: { id: sent.id } };
  const edited = dataOf(await api.PUT('/messages/{id}', { params, body: { content: 'Updated', is_edited: true } }));
  expect(edited).to.include({ id: sent.id, seq: sent.seq, content: 'Updated', is_edited: true });
  dataOf(await api.PUT('/messages/{id}/reactions/{emoji}', { params: { path: { id: sent.id, emoji: '👍' } } }));
  const [reaction] = dataOf(await api.GET('/messages/{id}', { params })).reactions;
  expect(reaction?.emoji).to.equal('👍');
}

async function walkFiles(api: Api): Promise<void> {
  const uploaded = dataOf(
    await api.POST('/files/upload', {
      body: { file: 'plain words\n', description: 'some notes' },
      bodySerializer: ({ file, description }) => {
        const form = new FormData();
        form.append('file', new Blob([file]), 'notes.txt');
        if (description !== undefined) form.append('description', description);
        return form;
      },
    }),
  );
  const file: Schemas['File'] = dataOf(await api.GET('/files/{id}', { params: { path: { id: uploaded.id } } }));
  expect(file).to.include({ id: uploaded.id, filename: 'notes.txt', size: 12, description: 'some notes' });
}

export async function walk(url: string, username: string): Promise<void> {
  const api = await signIn(url, username);
  await walkMessages(api, `room-of-${username}`);
  await walkFiles(api);
}
