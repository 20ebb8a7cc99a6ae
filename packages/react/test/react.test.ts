// The hooks and the sample of the README in React 18 and 19, in StrictMode, and on a server.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { build } from 'esbuild';
import { Window } from 'happy-dom';
import { FakeServer } from './fake-server.ts';

const PACKAGE = join(import.meta.dirname, '..');
const folderOf = (name: string): string => dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
const [, SAMPLE = ''] = /^```javascript\n(.*?)^```$/ms.exec(readFileSync(join(PACKAGE, 'README.md'), 'utf8')) ?? [];
const SCREEN = `${SAMPLE}
export { live } from '@chatapi/client/state';
export { createRoot, hydrateRoot } from 'react-dom/client';
export { renderToString } from 'react-dom/server.browser';
export { act, createElement, StrictMode, version } from 'react';
export { ChatProvider, useRooms } from '@chatapi/react';
export { Chat };
`;

async function until(condition: () => boolean): Promise<void> {
  for (const end = Date.now() + 5000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 5)))
    if (condition()) return;
  throw new Error(`timed out: ${(globalThis as any).document.body.innerHTML}`);
}

describe('the README', () => {
  it('has a chat screen of at most 50 lines', () => expect(SAMPLE.trimEnd().split('\n').length).to.be.at.most(50));
});

for (const [major, react, dom] of [
  ['18', 'react-18', 'react-dom-18'],
  ['19', 'react', 'react-dom'],
] as const)
  describe(`the hooks in React ${major}`, function () {
    this.timeout(30_000);
    let folder: string;
    // The module is made here.
    let screen: any;
    let server: FakeServer;
    let container: any;
    const root = globalThis as any;
    const before_ = { window: root.window, document: root.document, MessageChannel: root.MessageChannel };
    /** React's renderer for servers opens one on import; an open one keeps a process alive. */
    const channels: InstanceType<typeof MessageChannel>[] = [];

    before(async () => {
      folder = mkdtempSync(join(PACKAGE, 'test-'));
      writeFileSync(join(folder, 'screen.js'), SCREEN);
      const outfile = join(folder, 'bundle.mjs');
      await build({
        entryPoints: [join(folder, 'screen.js')],
        bundle: true,
        format: 'esm',
        platform: 'browser',
        conditions: ['source'],
        alias: { react: folderOf(react), 'react-dom': folderOf(dom) },
        define: { 'process.env.NODE_ENV': '"development"' },
        outfile,
      });
      const window = new Window();
      Object.assign(root, { window, document: window.document, IS_REACT_ACT_ENVIRONMENT: false });
      root.MessageChannel = class extends MessageChannel {
        constructor() {
          super();
          channels.push(this);
        }
      };
      screen = await import(pathToFileURL(outfile).href);
    });
    after(() => {
      for (const { port1 } of channels) port1.close();
      Object.assign(root, before_);
      rmSync(folder, { recursive: true });
    });
    beforeEach(() => {
      server = new FakeServer();
    });
    afterEach(async () => {
      container?.unmount();
      await screen.live(server.client).close();
    });

    const app = () => {
      const { createElement, StrictMode, ChatProvider, Chat } = screen;
      return createElement(
        StrictMode,
        null,
        createElement(ChatProvider, { client: server.client }, createElement(Chat)),
      );
    };
    const shown = (selector: string): string[] =>
      [...root.document.querySelectorAll(selector)].map(({ textContent }: any) => textContent);

    it('is that version', () => expect(screen.version.split('.')[0]).to.equal(major));

    it('show rooms and messages in StrictMode over one connection, and what is sent at once', async () => {
      root.document.body.innerHTML = '<div id="app"></div>';
      container = screen.createRoot(root.document.getElementById('app'));
      container.render(app());
      await until(() => shown('nav button').length === 1);
      expect(shown('nav h2')).to.deep.equal(['Rooms (2)']);
      root.document.querySelector('nav button').click();
      await until(() => shown('li').length === 2);
      expect(shown('li')).to.deep.equal(['Anna one', 'Anna two']);
      server.post('three');
      await until(() => shown('li').length === 3);
      screen.live(server.client).room('r1').send({ content: 'mine' });
      await until(() => shown('li').at(-1) === 'Me mine' && root.document.querySelectorAll('li[class]').length === 0);
      expect([server.sockets, server.requests]).to.deep.equal([1, 1]);
    });

    it('open no connection on a server, and continue its page without a difference', async () => {
      const html = screen.renderToString(app());
      expect(html).to.include('Rooms (0)');
      await new Promise((resolve) => setTimeout(resolve, 30));
      expect([server.sockets, server.requests]).to.deep.equal([0, 0]);
      root.document.body.innerHTML = `<div id="app">${html}</div>`;
      const errors: unknown[] = [];
      const onRecoverableError = (error: unknown): void => void errors.push(error);
      container = screen.hydrateRoot(root.document.getElementById('app'), app(), { onRecoverableError });
      await until(() => shown('nav button').length === 1);
      expect(errors).to.deep.equal([]);
    });
  });
