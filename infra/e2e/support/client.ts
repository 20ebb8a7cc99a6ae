// A user of the API as the tests know one: an account with its tokens, and requests in its name.
import supertest, { type Test } from 'supertest';
import { ADMIN, gateway } from './cluster.ts';
import { checkAnswer } from './documents.ts';

// Answers are judged by what they hold, not by a type that claims it.
export type Json = any;

export interface Account {
  id: string;
  username: string;
  email: string;
  password: string;
  token: string;
  refresh_token: string;
}

let count = 0;
/** A name that no other test of this run has. */
export const unique = (stem: string): string => `${stem}-${process.pid.toString(36)}${(count++).toString(36)}`;

export interface Rest {
  get(path: string): Test;
  post(path: string, body?: object): Test;
  put(path: string, body?: object): Test;
  delete(path: string, body?: object): Test;
}

/**
 * Requests to `url` with the token of the account, if given. Every response is validated against
 * the OpenAPI document.
 */
export function rest(account?: { token: string }, url: string = gateway()): Rest {
  const ask = (method: 'get' | 'post' | 'put' | 'delete', path: string, body?: object): Test => {
    const test = supertest(url)
      [method](path)
      .expect((answer) =>
        checkAnswer({
          method: method.toUpperCase(),
          path,
          status: answer.status,
          type: answer.type,
          body: answer.body,
        }),
      );
    if (account !== undefined) test.set('Authorization', `Bearer ${account.token}`);
    return body === undefined ? test : test.send(body);
  };
  return {
    get: (path) => ask('get', path),
    post: (path, body) => ask('post', path, body),
    put: (path, body) => ask('put', path, body),
    delete: (path, body) => ask('delete', path, body),
  };
}

/** Accepted, and checked in 0.5 ms: words and letters that look like digits take 12. */
export const PASSWORD = 'bdvzqxkfhw';

const accountOf = (body: Json, password: string): Account => ({
  id: body.user.id,
  username: body.user.username,
  email: body.user.email,
  password,
  token: body.access_token,
  refresh_token: body.refresh_token,
});

export async function register(stem = 'user', url: string = gateway()): Promise<Account> {
  const username = unique(stem);
  const body = { username, email: `${username}@example.com`, password: PASSWORD, display_name: stem };
  const answer = await rest(undefined, url).post('/users/register', body).expect(201);
  return accountOf(answer.body, PASSWORD);
}

/** A further session of the account. */
export async function login(
  account: { username: string; password: string },
  url: string = gateway(),
): Promise<Account> {
  const body = { username_or_email: account.username, password: account.password };
  const answer = await rest(undefined, url).post('/users/login', body).expect(200);
  return accountOf(answer.body, account.password);
}

export const loginAdmin = (url: string = gateway()): Promise<Account> => login(ADMIN, url);

/** A new account that is made a moderator, with a session of that role. */
export async function registerModerator(url: string = gateway()): Promise<Account> {
  const account = await register('mod', url);
  await rest(await loginAdmin(url), url)
    .put(`/admin/users/${account.id}/role`, { role: 'moderator' })
    .expect(200);
  return login(account, url);
}

/** Sends by REST and gives the Message. */
export async function say(account: Account, body: object, url: string = gateway()): Promise<Json> {
  return (await rest(account, url).post('/messages/', body).expect(201)).body;
}

/** A private room of these people; @returns its id. */
export async function privateRoom(owner: Account, members: Account[], stem = 'room'): Promise<string> {
  const room = { chat_id: unique(stem), visibility: 'private', member_ids: members.map(({ id }) => id) };
  await rest(owner).post('/rooms', room).expect(201);
  return room.chat_id;
}
