// The part of the public API that writers and observers use: accounts, rooms, sends, history. A
// time-out throws, since its outcome is unknown.
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';

const PATIENCE_MS = 15_000;
const AGAIN_MS = 200;

const agent = new Agent({ connections: 32, headersTimeout: 4000, bodyTimeout: 4000, connectTimeout: 2000 });

export interface Answer {
  status: number;
  body: any;
}

export async function ask(method: 'GET' | 'POST', url: string, token?: string, body?: object): Promise<Answer> {
  const response = await request(url, {
    dispatcher: agent,
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(5000),
  });
  const text = await response.body.text();
  return { status: response.statusCode, body: text === '' ? undefined : JSON.parse(text) };
}

/** Retries while the cluster is busy after its start; no fault is active yet. */
async function untilTaken(
  what: string,
  url: string,
  token: string | undefined,
  body: object,
  good = 201,
): Promise<Answer> {
  for (const end = Date.now() + PATIENCE_MS; ; await sleep(AGAIN_MS)) {
    const answer = await ask('POST', url, token, body);
    if (answer.status === good) return answer;
    if (answer.status !== 503 || Date.now() > end)
      throw new Error(`${what} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  }
}

export interface User {
  id: string;
  name: string;
  token: string;
}

export async function register(url: string, name: string): Promise<User> {
  const body = { username: name, email: `${name}@example.com`, password: 'copper-violet-meadow-27' };
  const answer = await untilTaken('registering', `${url}/users/register`, undefined, body);
  return { id: answer.body.user.id, name, token: answer.body.access_token };
}

/** @returns an access token. */
export async function loginAs(
  url: string,
  { username, password }: { username: string; password: string },
): Promise<string> {
  const body = { username_or_email: username, password };
  return (await untilTaken('a login', `${url}/users/login`, undefined, body, 200)).body.access_token;
}

export const makeWebhook = async (url: string, token: string, webhook: object): Promise<void> =>
  void (await untilTaken('creating a webhook', `${url}/admin/webhooks`, token, webhook));

export async function makeRoom(url: string, owner: User, chat_id: string, members: User[]): Promise<void> {
  const body = { chat_id, visibility: 'private', member_ids: members.map(({ id }) => id) };
  await untilTaken('creating a room', `${url}/rooms`, owner.token, body);
}

/** The complete history of a room, oldest first. */
export async function history(url: string, user: User, room: string) {
  const messages: { seq: number; message_id: string; client_id?: string }[] = [];
  for (let after = 0; ; after = messages.at(-1)?.seq ?? 0) {
    const path = `/messages/?chat_id=${room}&after_seq=${after}&limit=100`;
    const { status, body } = await ask('GET', `${url}${path}`, user.token);
    if (status !== 200) throw new Error(`history answered ${status}: ${JSON.stringify(body)}`);
    for (const m of body.messages) messages.push({ seq: m.seq, message_id: m.id, client_id: m.client_id });
    if (!body.has_more || body.messages.length === 0) return { room, last_seq: body.last_seq as number, messages };
  }
}
