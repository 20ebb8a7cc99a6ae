// A page whose browser lacks or denies what tabs need to share a connection has one of its own.
import { expect } from 'chai';
import { clientOf, FakeSocket, until } from './fake-server.ts';
import { hello } from './model.ts';

const denied = (): never => {
  throw new DOMException('denied', 'SecurityError');
};
const TOKEN = `h.${btoa(JSON.stringify({ sub: 'usr_me', sid: 'ses_1' }))}.s`;

class DeniedChannel {
  constructor() {
    denied();
  }
}
class Channel {
  onmessage = null;
  postMessage(): void {}
  close(): void {}
}
const lockOf = (name: string): object => ({ locks: { request: () => Promise.reject(new DOMException('no', name)) } });

const PAGES: Record<string, Record<string, PropertyDescriptor>> = {
  'has no channels': { BroadcastChannel: { value: undefined } },
  'denies the class of channels': { BroadcastChannel: { get: denied } },
  'denies channels': { BroadcastChannel: { value: DeniedChannel } },
  'has no locks': { BroadcastChannel: { value: Channel }, navigator: { value: {} } },
  'denies the getter of locks': {
    BroadcastChannel: { value: Channel },
    navigator: {
      value: {
        get locks() {
          return denied();
        },
      },
    },
  },
  'denies locks': { BroadcastChannel: { value: Channel }, navigator: { value: lockOf('SecurityError') } },
};

describe('a page', () => {
  for (const [what, globals] of Object.entries(PAGES))
    it(`that ${what} has a connection of its own`, async () => {
      const all: Record<string, PropertyDescriptor> = {
        document: { value: { visibilityState: 'visible' } },
        ...globals,
      };
      const before = Object.keys(all).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const);
      for (const [name, descriptor] of Object.entries(all))
        Object.defineProperty(globalThis, name, { configurable: true, ...descriptor });
      const client = clientOf({ token: TOKEN, retries: 0, fetch: async () => Response.json({ rooms: [] }) });
      try {
        const realtime = client.websocket.connect();
        await until(() => FakeSocket.all.length === 1);
        FakeSocket.last.open();
        FakeSocket.last.say(hello);
        await realtime.ready(5000);
        expect(FakeSocket.last.protocols).to.deep.equal(['bearer', TOKEN]);
      } finally {
        await client.close();
        FakeSocket.all.length = 0;
        for (const [name, own] of before) {
          Reflect.deleteProperty(globalThis, name);
          if (own !== undefined) Object.defineProperty(globalThis, name, own);
        }
      }
    });
});
