// Storage that is denied, missing, full or holds something else costs the next start, nothing more.
import { expect } from 'chai';
import { localOutbox, localTokens, type Tokens } from '../src/index.ts';
import { answering, clientOf } from './fake-server.ts';

const denied = (): never => {
  throw new DOMException('denied', 'SecurityError');
};
const full = (): never => {
  throw new DOMException('full', 'QuotaExceededError');
};
const TOKENS: Tokens = { access_token: 'a', refresh_token: 'r', token_type: 'bearer', expires_in: 1 };

const DENIED: Record<string, PropertyDescriptor> = {
  'the getter throws': { get: denied },
  'it is null': { value: null },
  'it is missing': { value: undefined },
  'every method throws': {
    value: new Proxy({}, { get: () => denied }),
  },
  'it is full': {
    value: { getItem: () => null, setItem: full, removeItem: () => undefined, key: () => null, length: 0 },
  },
};

let number = 0;

describe('localStorage', () => {
  afterEach(() => {
    Reflect.deleteProperty(globalThis, 'localStorage');
  });

  for (const [what, descriptor] of Object.entries(DENIED))
    it(`(${what}) is replaced by memory; nothing throws, and it is logged once`, async () => {
      Object.defineProperty(globalThis, 'localStorage', { configurable: true, ...descriptor });
      const errors: unknown[] = [];
      const logger = { error: (...what: unknown[]) => void errors.push(what) };
      const key = `denied-${number++}`;
      const { fetch } = answering(({ path }) =>
        path === '/users/logout' ? [204] : [200, { ...TOKENS, user: { id: 'usr_me' } }],
      );
      const store = localTokens(key, logger);
      const client = clientOf({ fetch, tokenStore: store, logger });
      await client.users.login({ username_or_email: 'u', password: 'p' });
      expect(await client.token()).to.equal('a');
      expect(await localTokens(key, logger).read()).to.include({ refresh_token: 'r' });
      await client.users.logout();
      expect(await store.read()).to.equal(undefined);

      const outbox = localOutbox(`${key}.`, logger);
      for (const client_id of ['x', 'y']) await outbox.put({ client_id, frame: '{}' });
      await outbox.remove('x');
      expect((await outbox.load()).map(({ client_id }) => client_id)).to.deep.equal(['y']);
      expect(errors.length).to.be.within(1, 3);
    });

  it('that holds something else is as good as empty', async () => {
    const values = new Map<string, string>();
    const value = {
      getItem: (key: string) => values.get(key) ?? null,
      setItem: (key: string, text: string) => void values.set(key, text),
      removeItem: (key: string) => void values.delete(key),
      key: (at: number) => [...values.keys()][at] ?? null,
      get length() {
        return values.size;
      },
    };
    Object.defineProperty(globalThis, 'localStorage', { configurable: true, value });
    for (const text of ['{', 'null', '"x"', '[]', '{}', '{"access_token":1,"refresh_token":"r"}']) {
      values.set('k', text);
      expect(await localTokens('k').read()).to.equal(undefined);
      values.set('o.1', text);
      expect(await localOutbox('o.').load()).to.deep.equal([]);
    }
    await localTokens('k').write(TOKENS);
    expect(JSON.parse(values.get('k') as string)).to.deep.equal(TOKENS);
  });

  it('of the app that answers nonsense does not end a session', async () => {
    const { fetch } = answering(() => [200, { id: 'usr_me' }]);
    for (const stored of [null, 'x', {}, { access_token: 1 }]) {
      const tokenStore = { read: () => stored as never, write: () => undefined };
      expect(await clientOf({ fetch, token: 'own', tokenStore }).token()).to.equal('own');
    }
  });
});
