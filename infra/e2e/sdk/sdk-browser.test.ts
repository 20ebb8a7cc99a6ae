// The TypeScript SDK in a real Chromium, as one <script>: pages on two nodes, of which one goes
// offline; tabs that share a session; uploads; the example page.
import { type Network, openNetwork } from '@chatapi/conformance';
import { expect } from 'chai';
import type { BrowserContext, Page } from 'playwright-core';
import { browserCluster, pagesOrigin, sharedBrowser } from '../support/browser-cluster.ts';
import { unique } from '../support/client.ts';
import { gatewaysOf } from '../support/cluster.ts';
import { closeClients, PASSWORD, type Person, someone } from '../support/sdk.ts';
import { EXAMPLE, until } from '../support/sdk-pages.ts';

/** What the page keeps for the test, and what of it is asked. */
declare const window: any;
const viewOf = (page: Page): Promise<[number, string][]> => page.evaluate(() => window.view);
const stateOf = (page: Page): Promise<string> => page.evaluate(() => window.ws.state);

describe('the TypeScript SDK in a browser', function () {
  this.timeout(120_000);
  let origin: string;
  let network: Network;
  const contexts: BrowserContext[] = [];

  before(async () => {
    origin = pagesOrigin();
    network = await openNetwork(gatewaysOf(browserCluster())[0] as string);
  });
  afterEach(async () => {
    for (const context of contexts.splice(0)) await context.close();
    await closeClients();
  });
  after(() => network?.close());

  async function openPage(path: string, context?: BrowserContext): Promise<Page> {
    const its = context ?? (await sharedBrowser().newContext());
    if (context === undefined) contexts.push(its);
    const page = await its.newPage();
    await page.goto(origin + path);
    return page;
  }

  /** A page with a connection, and the nodes that have greeted it. */
  async function connected(
    url: string,
    { session, id }: Person,
    room: string,
  ): Promise<{ page: Page; nodes: string[] }> {
    const page = await openPage('/');
    const nodes: string[] = [];
    page.on('websocket', (socket) =>
      socket.on('framereceived', ({ payload }) => {
        const frame = JSON.parse(String(payload));
        if (frame.type === 'hello') nodes.push(frame.node);
      }),
    );
    await page.evaluate(
      async ({ url, token, id, room }) => {
        window.view = [];
        window.client = new window.chatapi.ChatClient({ baseUrl: url, token });
        window.open = async () => {
          window.ws = window.client.websocket.connect(id, { outbox: window.chatapi.localOutbox() });
          window.ws.on('message', (m: any) => {
            if (m.chat_id === room) window.view.push([m.seq, m.content]);
          });
          await window.ws.ready(10_000);
        };
        await window.open();
      },
      { url, token: session.access_token, id, room },
    );
    return { page, nodes };
  }

  it('has the log in both pages, on two nodes, when one was offline while both were sending', async () => {
    const gateway = gatewaysOf(browserCluster())[0] as string;
    const [ann, bob] = [await someone(gateway), await someone(gateway)];
    const { chat_id: room } = await ann.client.chats.create({ visibility: 'private', member_ids: [bob.id] });
    const here = await connected(gateway, ann, room);
    const away = await connected(network.url, bob, room);
    while (away.nodes.at(-1) === here.nodes.at(-1))
      await away.page.evaluate(() => window.ws.close().then(() => window.open()));

    network.cut();
    await away.page.context().setOffline(true);
    await until(async () => (await stateOf(away.page)) !== 'connected', 'offline');
    await away.page.evaluate((chat_id) => {
      window.sending = Promise.all([1, 2, 3].map((n) => window.ws.send({ chat_id, content: `from away ${n}` })));
    }, room);
    for (let n = 0; n < 20; n++)
      await here.page.evaluate(([chat_id, n]) => window.ws.send({ chat_id, content: `from here ${n}` }), [
        room,
        n,
      ] as const);
    expect(await viewOf(away.page)).to.deep.equal([]);

    network.mend();
    await away.page.context().setOffline(false);
    await away.page.evaluate(() => window.sending);
    const log: [number, string][] = [];
    for await (const { seq, content } of ann.client.messages.iterate({ chat_id: room, after_seq: 0 }))
      log.push([seq, content]);
    expect(log).to.have.length(23);
    for (const { page } of [here, away]) {
      await until(async () => (await viewOf(page)).length >= log.length, 'the whole log');
      expect(await viewOf(page)).to.deep.equal(log);
    }
    expect(await away.page.evaluate(() => Object.keys(window.localStorage))).to.deep.equal([]);
  });

  const storedIn = (tab: Page): Promise<string> =>
    tab.evaluate(() => window.chatapi.localTokens().read().refresh_token);

  /** Two tabs of one session, each with a connection; `token` is the one that they begin with. */
  async function twoTabs({ session }: Person, token: string): Promise<Page[]> {
    const first = await openPage('/');
    const tabs = [first, await openPage('/', first.context())];
    await first.evaluate((tokens) => window.chatapi.localTokens().write(tokens), { ...session, access_token: token });
    await Promise.all(
      tabs.map((tab) =>
        tab.evaluate(async (baseUrl) => {
          const tokenStore = window.chatapi.localTokens();
          window.client = new window.chatapi.ChatClient({ baseUrl, tokenStore });
          window.ws = window.client.websocket.connect();
          window.greeted = 0;
          window.ws.on('state', (change: any) => {
            if (change.to === 'connected') window.greeted++;
          });
          await window.ws.ready(60_000);
        }, gatewaysOf(browserCluster())[0] as string),
      ),
    );
    return tabs;
  }

  it('renews a session of two tabs: both go on, with one session and one chain of tokens', async () => {
    const person = await someone(gatewaysOf(browserCluster())[0] as string);
    const tabs = await twoTabs(person, 'ended');
    for (const tab of tabs)
      expect(await tab.evaluate(() => window.client.users.me().then(({ id }: any) => id))).to.equal(person.id);
    // `localStorage` may reach the other tab late. Whichever tab renewed, and whether both did: the
    // successor is the same.
    await until(async () => new Set(await Promise.all(tabs.map(storedIn))).size === 1, 'the same pair in both tabs');
    const { items } = await (tabs[0] as Page).evaluate(() => window.client.users.sessions());
    expect(items).to.have.length(1);
  });

  it('changes the password in one of two tabs: both go on, their connections too', async () => {
    const person = await someone(gatewaysOf(browserCluster())[0] as string);
    const tabs = await twoTabs(person, person.session.access_token);
    await tabs[0]?.evaluate(
      (current_password) =>
        window.client.users.changePassword({ current_password, new_password: 'granite-window-sail-88' }),
      PASSWORD,
    );
    for (const tab of tabs) {
      await until(async () => (await tab.evaluate(() => window.greeted)) > 1, 'connected again');
      expect(await tab.evaluate(() => window.client.users.me().then(({ id }: any) => id))).to.equal(person.id);
    }
  });

  it('uploads with progress, and stops when it is told to', async () => {
    const url = gatewaysOf(browserCluster())[0] as string;
    const { session, client } = await someone(url);
    const page = await openPage('/');
    const told = await page.evaluate(
      async ({ baseUrl, token }) => {
        const { files } = new window.chatapi.ChatClient({ baseUrl, token });
        const file = new Blob(['line of text\n'.repeat(40_000)]);
        const progress: number[][] = [];
        const onProgress = (...of: number[]) => progress.push(of);
        const { size } = await files.upload(file, { name: 'a.txt', onProgress });
        const stop = new AbortController();
        const sending = files.upload(new Blob(Array(10).fill(file)), { name: 'b.txt', signal: stop.signal });
        setTimeout(() => stop.abort(), 5);
        const aborted = await sending.catch((error: { code: string }) => error.code);
        const refused = await files.upload(new Blob(['MZ']), { name: 'bad.exe' }).catch((error: object) => error);
        return { size, last: progress.at(-1), aborted, code: refused.code, requestId: refused.requestId };
      },
      { baseUrl: url, token: session.access_token },
    );
    expect(told).to.deep.include({ size: 520_000, last: [520_000, 520_000], aborted: 'ABORTED' });
    expect(told.code).to.equal('UNSUPPORTED_MEDIA_TYPE');
    expect(told.requestId).to.be.a('string');
    const names = (await client.files.list()).items.map(({ filename }) => filename);
    expect(names).to.deep.equal(['a.txt']);
  });

  it('lets two people talk in the example page', async () => {
    const api = encodeURIComponent(gatewaysOf(browserCluster())[0] as string);
    const page = await openPage(`${EXAMPLE}?api=${api}&room=${unique('panes')}`);
    const panes = page.locator('section');
    for (let i = 0; i < 2; i++) {
      const pane = panes.nth(i);
      await pane.locator('[name=username]').fill(unique('pane'));
      await pane.locator('[name=password]').fill('copper-violet-meadow-27');
      await pane.locator('.enter button').click();
      await until(
        async () => ((await pane.locator('.state').textContent()) ?? '').endsWith(': connected'),
        'connected',
      );
    }
    for (const [i, text] of ['hello', 'hello yourself'].entries()) {
      await panes.nth(i).locator('[name=content]').fill(text);
      await panes.nth(i).locator('.say button').click();
      for (const n of [0, 1])
        await until(async () => (await panes.nth(n).locator('li:not(.away)').allTextContents()).at(-1) === text, text);
    }
  });
});
