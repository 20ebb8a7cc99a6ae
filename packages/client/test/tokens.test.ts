import { expect } from 'chai';
import type { ChatApiError, Tokens } from '../src/index.ts';
import { answering, clientOf } from './fake-server.ts';

const refused = (status: number, code: string, more: object = {}): [number, object] => [
  status,
  { error: true, code, message: 'm', details: {}, request_id: 'req_1', ...more },
];
const caught = (call: Promise<unknown>): Promise<ChatApiError> =>
  call.then(
    () => Promise.reject(new Error('it was not refused')),
    (error) => error,
  );

const tokens = (name: string): Tokens => ({
  access_token: name,
  refresh_token: `refresh-${name}`,
  token_type: 'bearer',
  expires_in: 1800,
});

/** A server that accepts only the newest access token; each refresh issues the next. */
function sessions() {
  let newest = 1;
  return answering(({ path, token, body }) => {
    if (path === '/users/refresh') {
      if (body.refresh_token !== `refresh-${newest}`) return refused(401, 'AUTHENTICATION_ERROR');
      return [200, tokens(String(++newest))];
    }
    if (path === '/users/logout') return [204];
    return token === String(newest) ? [200, { id: 'usr_me' }] : refused(401, 'AUTHENTICATION_ERROR');
  });
}

describe('a token', () => {
  it('that has expired is renewed once for many calls, and passed to onTokens', async () => {
    const { asked, fetch } = sessions();
    const kept: string[] = [];
    const onTokens = ({ refresh_token }: Tokens): void => void kept.push(refresh_token);
    const client = clientOf({ fetch, token: 'ended', refreshToken: 'refresh-1', onTokens });
    await Promise.all([1, 2, 3].map(() => client.users.me()));
    expect(asked.filter(({ path }) => path === '/users/refresh')).to.have.length(1);
    expect(kept).to.deep.equal(['refresh-2']);
  });

  it('that cannot be renewed is an AUTHENTICATION_ERROR', async () => {
    const { fetch } = sessions();
    const client = clientOf({ fetch, token: 'ended', refreshToken: 'refresh-0' });
    for (let i = 0; i < 2; i++) expect((await caught(client.users.me())).code).to.equal('AUTHENTICATION_ERROR');
  });

  it('comes from the app’s function, called again once it has expired', async () => {
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

  it('whose function fails makes the call fail as retryable; a function without a result means no token', async () => {
    const { fetch } = sessions();
    const failing = [
      () => Promise.reject(new Error('no keyring')),
      () => {
        throw new Error('no keyring');
      },
    ];
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const left: number[] = [];
    for (const token of failing) {
      const error = await caught(clientOf({ fetch, token, retries: 0 }).users.me());
      expect(error)
        .to.include({ code: 'NETWORK_ERROR', retryable: true })
        .and.have.property('message')
        .match(/keyring/);
      left.push(timers());
    }
    expect(left[1], 'a timer that is left rejects in a minute, and ends the process').to.equal(left[0]);
    const none = clientOf({ fetch, token: () => undefined as unknown as string });
    expect((await caught(none.users.me())).code).to.equal('AUTHENTICATION_ERROR');
  });

  it('is renewed on platforms without locks', async () => {
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

  it('that cannot be stored is used all the same', async () => {
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

/** A JWT with a session id and an issue time. */
const issuedAt = (iat: number): string => `h.${btoa(JSON.stringify({ sid: 'ses_1', sub: 'usr_me', iat }))}.s`;

/**
 * A server whose password change invalidates tokens before its response; `answered` releases the
 * response.
 */
function renewing() {
  let good = issuedAt(1);
  let answered: () => void = () => undefined;
  const late = new Promise<void>((resolve) => {
    answered = resolve;
  });
  const server = answering(({ path, token }) => {
    if (path === '/users/me/password' && token === good) {
      good = issuedAt(2);
      return [200, { ...tokens(good), refresh_token: 'new' }];
    }
    return token === good ? [200, { id: 'usr_me' }] : refused(401, 'AUTHENTICATION_ERROR');
  });
  const fetch: typeof globalThis.fetch = async (...call) => {
    const response = await server.fetch(...call);
    if (String(call[0]).endsWith('/password')) await late;
    return response;
  };
  return { fetch, asked: server.asked, answered: () => answered() };
}

const PASSWORDS = { current_password: 'c', new_password: 'n' };

describe('a password change', () => {
  it('is awaited by calls whose token it invalidated before its response', async () => {
    const { fetch, answered } = renewing();
    const kept: Tokens[] = [];
    const onTokens = (tokens: Tokens): void => void kept.push(tokens);
    const client = clientOf({ fetch, token: issuedAt(1), refreshToken: 'old', onTokens });
    const change = client.users.changePassword(PASSWORDS);
    const me = client.users.me();
    setTimeout(answered, 300);
    expect((await me).id).to.equal('usr_me');
    expect(await change).to.include({ refresh_token: 'new' });
    expect(kept.map(({ refresh_token }) => refresh_token)).to.deep.equal(['new']);
  });

  it('in one tab is found in the store by another, however late', async () => {
    const { fetch, answered } = renewing();
    let kept: Tokens = { ...tokens(issuedAt(1)), refresh_token: 'old' };
    const stale = kept;
    const write = (next: Tokens | undefined): void => {
      kept = next as Tokens;
    };
    let isShown = false;
    const [one, other] = [
      clientOf({ fetch, tokenStore: { read: () => kept, write } }),
      clientOf({ fetch, tokenStore: { read: () => (isShown ? kept : stale), write } }),
    ];
    const change = one.users.changePassword(PASSWORDS);
    const me = other.users.me();
    answered();
    await change;
    setTimeout(() => {
      isShown = true;
    }, 300);
    expect((await me).id).to.equal('usr_me');
    expect(kept.refresh_token).to.equal('new');
    isShown = false;
    expect((await other.users.me()).id).to.equal('usr_me');
  });

  it('whose session has ended fails, and so do the calls that wait for it', async () => {
    const { fetch } = sessions();
    const client = clientOf({ fetch, token: 'ended', refreshToken: 'refresh-0' });
    expect((await caught(client.users.changePassword(PASSWORDS))).code).to.equal('AUTHENTICATION_ERROR');
  }).timeout(10_000);

  it('keeps its pair, though an earlier refresh is answered later', async () => {
    let exchanged: (() => void) | undefined;
    const { fetch } = answering(({ path }) => {
      if (path === '/users/refresh') return [200, { ...tokens(issuedAt(2)), refresh_token: 'exchanged' }];
      if (path === '/users/me/password') return [200, { ...tokens(issuedAt(3)), refresh_token: 'new' }];
      return [401, { code: 'AUTHENTICATION_ERROR' }];
    });
    const kept: string[] = [];
    const client = clientOf({
      token: issuedAt(1),
      refreshToken: 'old',
      onTokens: ({ refresh_token }) => void kept.push(refresh_token),
      fetch: async (...call) => {
        if (String(call[0]).endsWith('/refresh'))
          await new Promise<void>((resolve) => {
            exchanged = resolve;
          });
        return fetch(...call);
      },
    });
    const me = caught(client.users.me());
    while (exchanged === undefined) await new Promise((resolve) => setTimeout(resolve, 1));
    await client.users.changePassword(PASSWORDS);
    exchanged();
    await me;
    expect(kept).to.deep.equal(['new']);
  });
});
