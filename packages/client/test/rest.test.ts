import { expect } from 'chai';
import { errorOfFrame } from '../src/errors.ts';
import { ChatApiError, type Tokens } from '../src/index.ts';
import { answering, clientOf, until } from './answering.ts';

const refused = (status: number, code: string, more: object = {}): [number, object] => [
  status,
  { error: true, code, message: 'm', details: {}, request_id: 'req_1', ...more },
];
const caught = (call: Promise<unknown>): Promise<ChatApiError> =>
  call.then(
    () => Promise.reject(new Error('it was not refused')),
    (error) => error,
  );

describe('an error', () => {
  it('maps the server’s object one to one', async () => {
    const { fetch } = answering(() => [...refused(403, 'AUTHORIZATION_ERROR', { details: { a: 1 } }), {}]);
    const error = await caught(clientOf({ fetch }).users.me());
    expect(error).to.be.instanceOf(ChatApiError);
    expect(error).to.include({ code: 'AUTHORIZATION_ERROR', status: 403, requestId: 'req_1', retryable: false });
    expect(error.details).to.deep.equal({ a: 1 });
  });

  it('of a proxy’s page counts by its status', async () => {
    const { fetch } = answering(() => [502, undefined, { 'x-request-id': 'r', 'retry-after': '0' }]);
    const error = await caught(clientOf({ fetch, retries: 0 }).users.me());
    expect(error).to.include({ code: 'SERVICE_UNAVAILABLE', requestId: 'r', retryable: true, retryAfterMs: 0 });
  });

  it('of no answer is the network’s; of an own signal it is ABORTED', async () => {
    const { fetch } = answering(() => new TypeError('refused'));
    const client = clientOf({ fetch, retries: 0 });
    expect(await caught(client.users.me())).to.include({ code: 'NETWORK_ERROR', status: 0, retryable: true });
    const aborted = await caught(client.users.me({ signal: AbortSignal.abort() }));
    expect(aborted).to.include({ code: 'ABORTED', retryable: false });
  });

  it('of a frame says how long to wait in milliseconds', () => {
    const error = errorOfFrame({ code: 'RATE_LIMIT_EXCEEDED', message: 'm', retry_after_ms: 1500 });
    expect(error).to.include({ status: 0, retryable: true, retryAfterMs: 1500 });
  });
});

describe('a call', () => {
  it('that may be repeated is tried again, a registration is not', async () => {
    const { asked, fetch } = answering(() => [503, {}, { 'retry-after': '0.01' }]);
    const client = clientOf({ fetch, retries: 2 });
    await caught(client.messages.send({ chat_id: 'r', content: 'c' }));
    expect(asked).to.have.length(3);
    expect(new Set(asked.map(({ body }) => body.client_id)), 'under one client_id').to.have.property('size', 1);
    await caught(client.users.register({ username: 'u', email: 'e', password: 'p' }));
    expect(asked).to.have.length(4);
    await caught(client.users.login({ username_or_email: 'u', password: 'p' }));
    expect(asked).to.have.length(7);
  });

  it('that waits for its next try ends with its signal', async () => {
    const { asked, fetch } = answering(() => [503, {}, { 'retry-after': '60' }]);
    const stop = new AbortController();
    const error = caught(clientOf({ fetch }).users.me({ signal: stop.signal }));
    await until(() => asked.length === 1);
    setTimeout(() => stop.abort(), 20);
    expect(await error).to.include({ code: 'ABORTED' });
  });

  it('waits for a limit, in its order; a wait of more than 2 minutes is an error', async () => {
    const until = Date.now() + 60;
    const { asked, fetch } = answering(({ path }) => {
      if (path === '/users/late') return [...refused(429, 'RATE_LIMIT_EXCEEDED'), { 'retry-after': '121' }];
      return Date.now() < until ? [...refused(429, 'RATE_LIMIT_EXCEEDED'), { 'retry-after': '0.1' }] : [200, {}];
    });
    const client = clientOf({ fetch });
    const order: string[] = [];
    await Promise.all(['a', 'b', 'c'].map((id) => client.users.get(id).then(() => order.push(id))));
    expect(order).to.deep.equal(['a', 'b', 'c']);
    expect(asked.length).to.be.at.most(8);
    expect(await caught(client.users.get('late'))).to.include({ code: 'RATE_LIMIT_EXCEEDED', retryAfterMs: 121_000 });
  });

  it('puts values into their place in the address', async () => {
    const { asked, fetch } = answering(() => [200, { messages: [], has_more: false }]);
    const client = clientOf({ fetch });
    await client.messages.list({ chat_id: 'a&b', limit: 5, skip: undefined });
    await client.messages.react('msg/1', '👍');
    expect(asked.map(({ path }) => path)).to.deep.equal([
      '/messages/?chat_id=a&b&limit=5',
      '/messages/msg/1/reactions/👍',
    ]);
  });
});

const tokens = (name: string): Tokens => ({
  access_token: name,
  refresh_token: `refresh-${name}`,
  token_type: 'bearer',
  expires_in: 1800,
});

/** A server to which only the newest access token is good; each refresh makes the next. */
function sessions() {
  let newest = 1;
  return answering(({ path, token, body }) => {
    if (path === '/users/refresh') {
      if (body.refresh_token !== `refresh-${newest}`) return refused(401, 'AUTHENTICATION_ERROR');
      return [200, tokens(String(++newest))];
    }
    return token === String(newest) ? [200, { id: 'usr_me' }] : refused(401, 'AUTHENTICATION_ERROR');
  });
}

describe('a token', () => {
  it('that has ended is renewed once for many calls, and the app hears of it', async () => {
    const { asked, fetch } = sessions();
    const kept: string[] = [];
    const onTokens = ({ refresh_token }: Tokens): void => void kept.push(refresh_token);
    const client = clientOf({ fetch, token: 'ended', refreshToken: 'refresh-1', onTokens });
    await Promise.all([1, 2, 3].map(() => client.users.me()));
    expect(asked.filter(({ path }) => path === '/users/refresh')).to.have.length(1);
    expect(kept).to.deep.equal(['refresh-2']);
  });

  it('without a way to another one is an AUTHENTICATION_ERROR', async () => {
    const { fetch } = sessions();
    const client = clientOf({ fetch, token: 'ended', refreshToken: 'refresh-0' });
    for (let i = 0; i < 2; i++) expect((await caught(client.users.me())).code).to.equal('AUTHENTICATION_ERROR');
  });

  it('comes from the app’s function, asked anew once it has ended', async () => {
    const { fetch } = sessions();
    const given = ['ended', '1'];
    const client = clientOf({ fetch, token: async () => given.shift() as string });
    expect((await client.users.me()).id).to.equal('usr_me');
    expect(given).to.deep.equal([]);
  });

  it('is renewed once by two tabs that share a store, and a third finds it there', async () => {
    const { asked, fetch } = sessions();
    let kept: Tokens | undefined = { ...tokens('ended'), refresh_token: 'refresh-1' };
    const tokenStore = {
      read: () => kept,
      write: (next: Tokens | undefined) => {
        kept = next;
      },
    };
    const tabs = [1, 2].map(() => clientOf({ fetch, tokenStore }));
    await Promise.all(tabs.map((tab) => tab.users.me()));
    expect(asked.filter(({ path }) => path === '/users/refresh')).to.have.length(1);
    await clientOf({ fetch, tokenStore }).users.me();
    expect(kept).to.deep.equal(tokens('2'));
    expect(asked.at(-1)?.token).to.equal('2');
    await tabs[0]?.users.logout();
    expect(kept).to.equal(undefined);
  });

  it('whose function fails fails the call, as a call that may succeed later; one that gives none is no token', async () => {
    const { fetch } = sessions();
    const failing = [
      () => Promise.reject(new Error('no keyring')),
      () => {
        throw new Error('no keyring');
      },
    ];
    for (const token of failing) {
      const error = await caught(clientOf({ fetch, token, retries: 0 }).users.me());
      expect(error)
        .to.include({ code: 'NETWORK_ERROR', retryable: true })
        .and.have.property('message')
        .match(/keyring/);
    }
    const none = clientOf({ fetch, token: () => undefined as unknown as string });
    expect((await caught(none.users.me())).code).to.equal('AUTHENTICATION_ERROR');
  });

  it('is renewed where the platform allows no locks', async () => {
    const locks = { request: () => Promise.reject(new DOMException('sandboxed', 'SecurityError')) };
    const navigator = Object.getOwnPropertyDescriptor(globalThis, 'navigator') as PropertyDescriptor;
    Object.defineProperty(globalThis, 'navigator', { value: { locks }, configurable: true });
    try {
      const { asked, fetch } = sessions();
      const client = clientOf({ fetch, token: 'ended', refreshToken: 'refresh-1' });
      expect((await client.users.me()).id).to.equal('usr_me');
      expect(asked.filter(({ path }) => path === '/users/refresh')).to.have.length(1);
    } finally {
      Object.defineProperty(globalThis, 'navigator', navigator);
    }
  });

  it('that cannot be kept is good all the same', async () => {
    const { fetch } = sessions();
    const full = (): never => {
      throw new DOMException('full', 'QuotaExceededError');
    };
    const errors: unknown[] = [];
    const client = clientOf({
      fetch,
      refreshToken: 'refresh-1',
      tokenStore: { read: full, write: async () => full() },
      onTokens: full,
      logger: { error: (...what) => void errors.push(what[1]) },
    });
    expect((await client.users.me()).id).to.equal('usr_me');
    expect((await client.users.me()).id).to.equal('usr_me');
    await client.users.logout();
    expect(errors).to.have.length.of.at.least(3);
  });
});
