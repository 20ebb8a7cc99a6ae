// The samples of the client's README for Vue and Svelte, each over the same stores.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { build } from 'esbuild';
import { Window } from 'happy-dom';
import { compile } from 'svelte/compiler';
import { FakeServer } from './fake-server.ts';

const README = join(import.meta.dirname, '..', '..', 'client', 'README.md');
const sampleOf = (language: string): string =>
  new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'ms').exec(readFileSync(README, 'utf8'))?.[1] ?? '';
const MAX_LINES = 30;

/** `room.mjs` has the component; `main.mjs` mounts it. */
const SAMPLES = {
  vue: {
    room: (sample: string): string => sample,
    main: `import { createApp } from 'vue';
import { Room } from './room.mjs';
export function mount(target, props) {
  const app = createApp(Room, props);
  app.mount(target);
  return () => app.unmount();
}`,
  },
  svelte: {
    room: (sample: string): string => compile(sample, { generate: 'client' }).js.code,
    main: `import { mount as mountIt, unmount } from 'svelte';
import Room from './room.mjs';
export function mount(target, props) {
  const app = mountIt(Room, { target, props });
  return () => unmount(app);
}`,
  },
};

async function until(condition: () => boolean): Promise<void> {
  for (const end = Date.now() + 5000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 5)))
    if (condition()) return;
  throw new Error('timed out');
}

for (const [language, { room, main }] of Object.entries(SAMPLES))
  describe(`the sample for ${language}`, function () {
    this.timeout(30_000);
    const root = globalThis as any;
    let folder: string;
    let made: any;

    before(async () => {
      folder = mkdtempSync(join(import.meta.dirname, '..', 'test-'));
      writeFileSync(join(folder, 'room.mjs'), room(sampleOf(language)));
      writeFileSync(
        join(folder, 'main.mjs'),
        `${main}
export { live } from '@chatapi/client/state';`,
      );

      const outfile = join(folder, 'bundle.mjs');
      const conditions = ['source', 'browser'];
      await build({
        entryPoints: [join(folder, 'main.mjs')],
        bundle: true,
        format: 'esm',
        conditions,
        outfile,
        logLevel: 'error',
      });
      const window = new Window() as any;
      const names = [
        'document',
        'Node',
        'Element',
        'HTMLElement',
        'SVGElement',
        'Text',
        'Comment',
        'DocumentFragment',
        'Event',
        'HTMLMediaElement',
      ];
      Object.assign(root, { window }, Object.fromEntries(names.map((name) => [name, window[name]])));
      made = await import(pathToFileURL(outfile).href);
    });
    after(() => {
      root.window = undefined;
      root.document = undefined;
      rmSync(folder, { recursive: true });
    });

    it(`has at most ${MAX_LINES} lines`, () =>
      expect(sampleOf(language).trimEnd().split('\n').length).to.be.at.most(MAX_LINES));

    it('shows history, what comes then, and what is sent at once', async () => {
      const server = new FakeServer();
      root.document.body.innerHTML = '<div id="app"></div>';
      const unmount = made.mount(root.document.getElementById('app'), { client: server.client, chatId: 'r1' });
      const shown = (): string[] =>
        [...root.document.querySelectorAll('li')].map(({ textContent }: any) => textContent);
      await until(() => shown().length === 2);
      server.post('three');
      await until(() => shown().length === 3);
      made.live(server.client).room('r1').send({ content: 'mine' });
      await until(() => shown().at(-1) === 'Me mine');
      expect(shown()).to.deep.equal(['Anna one', 'Anna two', 'Anna three', 'Me mine']);
      unmount();
      await made.live(server.client).close();
    });
  });
