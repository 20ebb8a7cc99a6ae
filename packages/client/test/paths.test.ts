import { expect } from 'chai';
import { AdminApi } from '../src/admin.ts';
import { BotsApi } from '../src/bots.ts';
import type { ChatClient } from '../src/index.ts';
import { EventsApi } from '../src/room-events.ts';
import { UsersApi } from '../src/users.ts';
import { answering, clientOf, FakeSocket } from './fake-server.ts';

const PARTS = ['users', 'chats', 'messages', 'files', 'events', 'bots', 'admin'] as const;
/** The client loads these with their first call, and shows nothing of them before. */
const LOADED: Record<string, object> = { users: UsersApi, events: EventsApi, bots: BotsApi, admin: AdminApi };
const NO_IDS = ['', '.', '..', '\ud800', 7];
const MAX_IDS = 3;
/** They take files, not ids. */
const UPLOADS = new Set(['upload', 'setAvatar']);

/** Of the class and of those that it extends. */
const namesOf = (prototype: object): string[] =>
  prototype === Object.prototype
    ? []
    : [...Object.getOwnPropertyNames(prototype), ...namesOf(Object.getPrototypeOf(prototype))];

/** All methods that return a promise, by name. */
const methodsOf = (client: ChatClient): [string, (...args: unknown[]) => unknown][] =>
  PARTS.flatMap((part) => {
    const api = client[part] as unknown as Record<string, (...args: unknown[]) => unknown>;
    const prototype = (LOADED[part] as { prototype: object } | undefined)?.prototype ?? Object.getPrototypeOf(api);
    const names = namesOf(prototype).filter(
      (name) => name !== 'constructor' && !name.startsWith('iterate') && !UPLOADS.has(name),
    );
    return names.map((name): [string, (...args: unknown[]) => unknown] => [
      `${part}.${name}`,
      (...args) => api[name]?.(...args),
    ]);
  });

const segmentsOf = (url: string): string[] =>
  (url.replace('http://nowhere', '').split('?')[0] as string).replace(/\/$/, '').split('/').slice(1);

describe('an id in a path', () => {
  for (const bad of NO_IDS) {
    it(`that is ${JSON.stringify(bad)} is an error before any request, in every method and parameter`, async () => {
      let urls: string[] = [];
      const { fetch } = answering(() => [404, { code: 'RESOURCE_NOT_FOUND' }]);
      const client = clientOf({
        token: 'token',
        fetch: (url, init) => {
          urls.push(String(url));
          return fetch(url, init);
        },
      });
      let refused = 0;
      for (const [name, method] of methodsOf(client)) {
        const paths: number[] = [];
        for (let place = -1; place < MAX_IDS; place++) {
          const args = Array.from({ length: MAX_IDS }, (_, i): unknown => (i === place ? bad : 'an-id'));
          urls = [];
          const error = await Promise.resolve(method(...args)).catch((thrown: { code: string }) => thrown.code);
          if (error === 'VALIDATION_ERROR') refused++;
          else expect(error, name).to.equal('RESOURCE_NOT_FOUND');
          expect(urls.length, name).to.equal(error === 'VALIDATION_ERROR' ? 0 : 1);
          for (const url of urls) {
            paths.push(segmentsOf(url).length);
            expect(segmentsOf(url), name).to.not.include.members([String(bad)]);
          }
        }
        expect(new Set(paths).size, `${name} has paths of one length`).to.be.at.most(1);
      }
      expect(refused).to.be.greaterThan(30);
    });
  }

  it('is always one encoded segment', async () => {
    const urls: string[] = [];
    const { fetch } = answering(() => [204]);
    const client = clientOf({
      token: 'token',
      fetch: (url, init) => {
        urls.push(String(url));
        return fetch(url, init);
      },
    });
    for (const id of ['a/b', '../x', '%2e%2e', '?q', '#x', '\\', '…', 'x;y']) await client.chats.removeMember(id, id);
    for (const url of urls) expect(new URL(url).pathname).to.match(/^\/rooms\/[^/]+\/members\/[^/]+$/);
  });

  for (const bad of ['', '.', '..'])
    it(`of a connection that is ${JSON.stringify(bad)} closes it before any request`, async () => {
      const { asked, fetch } = answering(() => [200, { rooms: [] }]);
      const realtime = clientOf({ token: 'token', fetch }).websocket.connect(bad);
      const error = await realtime.ready().catch((thrown: { code: string }) => thrown.code);
      expect([error, realtime.state, asked.length, FakeSocket.all.length]).to.deep.equal([
        'VALIDATION_ERROR',
        'closed',
        0,
        0,
      ]);
    });
});
