import { expect } from 'chai';
import { ChatApiError, ChatClient } from '../src/index.ts';
import { answering, clientOf } from './fake-server.ts';

const open = (baseUrl: unknown): ChatClient => new ChatClient({ baseUrl: baseUrl as string });

describe('baseUrl', () => {
  for (const bad of [
    'localhost:8000',
    'chat.example.com',
    '//chat.example.com',
    '/api',
    '',
    ' ',
    'ws://localhost:8000',
    'wss://chat.example.com',
    'ftp://chat.example.com',
    'http:/localhost:8000',
    'http://',
    'http:///path',
    'http://localhost:99999',
    'http://local host',
    'http://user:secret@localhost',
    'http://localhost:8000?x=1',
    'http://localhost:8000/#top',
    'http://localhost:8000?',
    undefined,
    null,
    7,
    {},
  ])
    it(`${JSON.stringify(bad)} is refused by the constructor, with the reason`, () => {
      expect(() => open(bad))
        .to.throw(ChatApiError)
        .that.includes({ code: 'VALIDATION_ERROR' })
        .and.has.property('message')
        .that.matches(/^baseUrl /);
    });

  for (const [given, used] of [
    ['http://localhost:8000', 'http://localhost:8000'],
    ['http://localhost:8000/', 'http://localhost:8000'],
    ['HTTPS://Chat.Example.com', 'https://chat.example.com'],
    ['https://example.com/chat//', 'https://example.com/chat'],
    ['http://[::1]:8000', 'http://[::1]:8000'],
    [' https://chat.example.com\n', 'https://chat.example.com'],
  ] as const)
    it(`${JSON.stringify(given)} is taken, and can be asked for`, () => {
      expect(open(given).baseUrl).to.equal(used);
    });
});

describe('the token', () => {
  it('can be asked for, and is the one that calls send', async () => {
    const { asked, fetch } = answering(() => [200, { id: 'usr_me' }]);
    const client = clientOf({ fetch, token: async () => 'from the app' });
    expect(await client.token()).to.equal('from the app');
    await client.users.me();
    expect(asked[0]?.token).to.equal('from the app');
    expect(await clientOf({ fetch }).token()).to.equal(undefined);
  });
});

describe('connect', () => {
  it('on a platform without WebSocket throws an error that says what to pass', () => {
    const own = Object.getOwnPropertyDescriptor(globalThis, 'WebSocket') as PropertyDescriptor;
    Reflect.deleteProperty(globalThis, 'WebSocket');
    try {
      expect(() => open('http://nowhere').websocket.connect())
        .to.throw(ChatApiError)
        .that.includes({ code: 'VALIDATION_ERROR' })
        .and.has.property('message')
        .that.matches(/`webSocket`/);
    } finally {
      Object.defineProperty(globalThis, 'WebSocket', own);
    }
  });
});
