// Responses that do not come from the server: captive portals, proxies, mocks.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { ADMIN_RESPONSE_SHAPES } from '../src/admin-response-shapes.ts';
import type { ChatApiError, ChatClient, ChatClientOptions } from '../src/index.ts';
import { RESPONSE_SHAPES } from '../src/response-shapes.ts';
import { clientOf } from './fake-server.ts';

const caught = (call: Promise<unknown>): Promise<ChatApiError> =>
  call.then(
    (answer) => Promise.reject(new Error(`it was answered with ${JSON.stringify(answer)}`)),
    (error) => error,
  );

interface Said {
  status?: number;
  body?: string | null;
  headers?: Record<string, string>;
}

function saying(said: Said, options: Partial<ChatClientOptions> = {}) {
  const asked: { url: string; init: RequestInit }[] = [];
  const fetch = async (url: unknown, init: RequestInit = {}): Promise<Response> => {
    asked.push({ url: String(url), init });
    const { status = 200, body = null, headers = {} } = said;
    return new Response(body, { status, headers });
  };
  const client = clientOf({ fetch: fetch as typeof globalThis.fetch, token: 'token', retries: 0, ...options });
  return { client, asked };
}

/** Every call with an answer, by its method. */
const CALLS: Record<string, (client: ChatClient) => Promise<unknown>> = {
  register: ({ users }) => users.register({ username: 'u', email: 'e', password: 'p' }),
  login: ({ users }) => users.login({ username_or_email: 'u', password: 'p' }),
  me: ({ users }) => users.me(),
  changePassword: ({ users }) => users.changePassword({ current_password: 'c', new_password: 'n' }),
  endOtherSessions: ({ users }) => users.endOtherSessions(),
  sessions: ({ users }) => users.sessions(),
  search: ({ users }) => users.search({ search: 's' }),
  startExport: ({ users }) => users.startExport(),
  createChat: ({ chats }) => chats.create({ chat_id: 'r' }),
  chats: ({ chats }) => chats.list(),
  chat: ({ chats }) => chats.get('r'),
  members: ({ chats }) => chats.members('r'),
  addMember: ({ chats }) => chats.addMember('r', 'u'),
  mute: ({ chats }) => chats.mute('r', 'u'),
  send: ({ messages }) => messages.send({ chat_id: 'r', content: 'c' }),
  messages: ({ messages }) => messages.list({ chat_id: 'r' }),
  message: ({ messages }) => messages.get('m'),
  edit: ({ messages }) => messages.update('m', { content: 'c' }),
  searchMessages: ({ messages }) => messages.search({ q: 'q' }),
  upload: ({ files }) => files.upload(new Blob(['b']), { name: 'a.txt' }),
  files: ({ files }) => files.list(),
  file: ({ files }) => files.get('f'),
  url: ({ files }) => files.url('f'),
  content: ({ files }) => files.content('f'),
  thumbnail: ({ files }) => files.thumbnail('f'),
  rateLimits: (client) => client.rateLimits(),
  report: (client) => client.report({ target_type: 'user', target_id: 'u', reason: 'r' }),
  announcements: (client) => client.announcements(),
  stats: ({ admin }) => admin.stats(),
  ban: ({ admin }) => admin.ban('u'),
  auditLog: ({ admin }) => admin.auditLog(),
  wordFilter: ({ admin }) => admin.wordFilter(),
  health: ({ admin }) => admin.health(),
};

const VOID_CALLS: Record<string, (client: ChatClient) => Promise<unknown>> = {
  join: ({ chats }) => chats.join('r'),
  react: ({ messages }) => messages.react('m', '👍'),
  deleteMessage: ({ messages }) => messages.delete('m'),
  deleteFile: ({ files }) => files.delete('f'),
  unlock: ({ admin }) => admin.unlock('u'),
};

const STRANGE: Record<string, Said> = {
  'no body': {},
  '204': { status: 204 },
  'a foreign object': { body: '{"ok":true}' },
  'an empty object': { body: '{}' },
  null: { body: 'null' },
  'a list': { body: '[]' },
  'a text': { body: '"ok"' },
  'truncated JSON': { body: '{"id":"msg_1","chat_' },
  HTML: { body: '<html>log in</html>', headers: { 'content-type': 'text/html' } },
  'lists that are no lists': { body: '{"messages":"x","rooms":1,"users":{},"files":null,"members":true}' },
  'lists of foreign items': { body: '{"messages":[{}],"rooms":[null],"users":["x"],"files":[1],"members":[[]]}' },
  'ids that are no texts': { body: '{"id":7,"chat_id":null,"user_id":{},"access_token":1}' },
};

describe('a success that the server did not give', () => {
  for (const [what, said] of Object.entries(STRANGE))
    it(`(${what}) is a NETWORK_ERROR in every call with an answer`, async () => {
      for (const [name, call] of Object.entries(CALLS)) {
        const error = await caught(call(saying(said).client));
        expect(error, name).to.include({ code: 'NETWORK_ERROR', retryable: true, foreign: true });
      }
    });

  it('with a body is a NETWORK_ERROR in calls that are answered without one', async () => {
    for (const body of ['{"ok":true}', '{}', '<html>', ' '])
      for (const [name, call] of Object.entries(VOID_CALLS))
        expect(await caught(call(saying({ body }).client)), name).to.include({ code: 'NETWORK_ERROR' });
    for (const call of Object.values(VOID_CALLS))
      expect(await call(saying({ status: 204 }).client)).to.equal(undefined);
  });

  it('is retried where that is safe', async () => {
    const { client, asked } = saying({}, { retries: 1 });
    await caught(client.messages.send({ chat_id: 'r', content: 'c' }));
    expect(asked).to.have.length(2);
    await caught(client.users.register({ username: 'u', email: 'e', password: 'p' }));
    expect(asked).to.have.length(3);
  });

  it('does not end an iteration as if it were the end, nor go on for ever', async () => {
    const endless = saying({ body: '{"rooms":[],"has_more":true}' }).client;
    for await (const _ of endless.chats.iterate()) expect.fail('there is no room');
  });

  it('is known by keys that every operation names', () => {
    expect(Object.keys({ ...RESPONSE_SHAPES, ...ADMIN_RESPONSE_SHAPES })).to.have.length.of.at.least(60);
  });
});

const PAGES: [number, string][] = [
  [400, 'VALIDATION_ERROR'],
  [401, 'AUTHENTICATION_ERROR'],
  [402, 'VALIDATION_ERROR'],
  [403, 'AUTHORIZATION_ERROR'],
  [404, 'RESOURCE_NOT_FOUND'],
  [405, 'METHOD_NOT_ALLOWED'],
  [409, 'CONFLICT'],
  [413, 'PAYLOAD_TOO_LARGE'],
  [414, 'VALIDATION_ERROR'],
  [415, 'UNSUPPORTED_MEDIA_TYPE'],
  [422, 'VALIDATION_ERROR'],
  [423, 'ACCOUNT_LOCKED'],
  [429, 'RATE_LIMIT_EXCEEDED'],
  [431, 'VALIDATION_ERROR'],
  [500, 'INTERNAL_ERROR'],
  [501, 'INTERNAL_ERROR'],
  [502, 'SERVICE_UNAVAILABLE'],
  [503, 'SERVICE_UNAVAILABLE'],
  [504, 'SERVICE_UNAVAILABLE'],
  [520, 'INTERNAL_ERROR'],
];
const BODIES = ['<html>refused</html>', '', '{"message":"no"}', '{"code":401}', '{"code":"E_NO"}', 'null', '[]'];

describe('a refusal by a proxy', () => {
  for (const [status, code] of PAGES)
    it(`with ${status} is ${code}, whatever its page, for calls, uploads and downloads`, async () => {
      for (const body of BODIES)
        for (const name of ['me', 'send', 'register', 'upload', 'content'] as const) {
          const error = await caught((CALLS[name] as (typeof CALLS)[string])(saying({ status, body }).client));
          expect(error, `${name} ${body}`).to.include({ code, status, foreign: true });
        }
    });

  it('says when to try again, in seconds or by a date of its own clock', async () => {
    const date = 'Sun, 29 Nov 2015 10:00:00 GMT';
    for (const [headers, ms] of [
      [{ 'retry-after': '7' }, 7000],
      [{ 'retry-after': 'Sun, 29 Nov 2015 10:01:00 GMT', date }, 60_000],
      [{ 'retry-after': 'soon' }, undefined],
    ] as [Record<string, string>, number | undefined][])
      expect((await caught(saying({ status: 429, headers }).client.users.me())).retryAfterMs).to.equal(ms);
  });

  it('with 429 is repeated as often as any other, not for ever', async () => {
    const { client, asked } = saying({ status: 429, headers: { 'retry-after': '0' } }, { retries: 1 });
    expect((await caught(client.users.me())).code).to.equal('RATE_LIMIT_EXCEEDED');
    expect(asked).to.have.length(2);
  });

  it('with 401 neither renews the token nor ends the session', async () => {
    const kept: unknown[] = [];
    const said: Said = { status: 401, body: '<html>log in</html>' };
    const { client, asked } = saying(said, {
      refreshToken: 'refresh',
      tokenStore: { read: () => undefined, write: (tokens) => void kept.push(tokens) },
    });
    for (let i = 0; i < 2; i++) expect((await caught(client.users.me())).code).to.equal('AUTHENTICATION_ERROR');
    expect(asked.map(({ url }) => url)).to.deep.equal(['http://nowhere/users/me', 'http://nowhere/users/me']);
    Object.assign(said, { status: 200, body: '{"id":"usr_me"}' });
    expect((await client.users.me()).id).to.equal('usr_me');
    expect(kept).to.deep.equal([]);
  });

  for (const status of [401, 403, 404, 500, 200, 302])
    it(`of a refresh with ${status} does not end the session`, async () => {
      let away = true;
      const asked: string[] = [];
      const client = clientOf({
        token: 'ended',
        refreshToken: 'refresh',
        retries: 0,
        fetch: (async (url: unknown, init: RequestInit = {}) => {
          const { pathname } = new URL(String(url));
          asked.push(pathname);
          if (pathname === '/users/refresh')
            return away
              ? new Response('<html>', { status })
              : Response.json({ access_token: 'new', refresh_token: 'next', token_type: 'bearer', expires_in: 60 });
          return new Headers(init.headers).get('authorization') === 'Bearer new'
            ? Response.json({ id: 'usr_me' })
            : Response.json({ error: true, code: 'AUTHENTICATION_ERROR', message: 'm' }, { status: 401 });
        }) as typeof globalThis.fetch,
      });
      await caught(client.users.me());
      away = false;
      expect((await client.users.me()).id).to.equal('usr_me');
      expect(asked.filter((path) => path === '/users/refresh')).to.have.length(2);
    });
});

describe('a redirect', () => {
  for (const status of [301, 302, 303, 307, 308])
    it(`with ${status} is an error that names the location, and is not followed`, async () => {
      for (const name of ['me', 'send', 'upload', 'content'] as const) {
        const location = 'https://portal.example/login';
        const { client, asked } = saying({ status, headers: { location } });
        const error = await caught((CALLS[name] as (typeof CALLS)[string])(client));
        expect(error).to.include({ code: 'NETWORK_ERROR', status, foreign: true });
        expect(error.message).to.include(location);
        expect(error.details).to.deep.equal({ location });
        expect(asked.map(({ init }) => init.redirect)).to.deep.equal(['manual']);
      }
    });

  it('that the browser hides, or that an own `fetch` followed, is an error too', async () => {
    const hidden = Object.assign(Object.create(Response.prototype), {});
    for (const [key, value] of Object.entries({ type: 'opaqueredirect', status: 0, ok: false, redirected: false }))
      Object.defineProperty(hidden, key, { value });
    Object.defineProperty(hidden, 'headers', { value: new Headers() });
    const followed = Response.json({ id: 'usr_me' });
    Object.defineProperty(followed, 'redirected', { value: true });
    Object.defineProperty(followed, 'url', { value: 'https://portal.example/' });
    for (const response of [hidden, followed] as Response[]) {
      const client = clientOf({ token: 'token', retries: 0, fetch: async () => response });
      expect(await caught(client.users.me())).to.include({ code: 'NETWORK_ERROR', foreign: true });
    }
  });

  it('and other statuses that are neither success nor refusal are NETWORK_ERROR', async () => {
    for (const status of [300, 304, 305])
      expect((await caught(saying({ status }).client.users.me())).code).to.equal('NETWORK_ERROR');
    await sleep(0);
  });
});
