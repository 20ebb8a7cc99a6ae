// Tabs of one session share one connection: in Chromium, with real Web Locks and channels.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { BrowserContext, Page, WebSocket } from 'playwright-core';
import { browserCluster, pagesOrigin, sharedBrowser } from '../support/browser-cluster.ts';
import { gatewaysOf } from '../support/cluster.ts';
import { closeClients, type Person, someone } from '../support/sdk.ts';
import { until } from '../support/sdk-pages.ts';

/** What the page keeps for the test. */
declare const window: any;

interface Tab {
  page: Page;
  sockets: WebSocket[];
}

const isOpen = (socket: WebSocket): boolean => !socket.isClosed();
const openIn = (tabs: Tab[]): number => tabs.flatMap(({ sockets }) => sockets.filter(isOpen)).length;
const leaderOf = (tabs: Tab[]): Tab => tabs.find(({ sockets }) => sockets.some(isOpen)) as Tab;
const viewOf = ({ page }: Tab): Promise<string[]> => page.evaluate(() => window.view);

describe('tabs of the TypeScript SDK', function () {
  this.timeout(180_000);
  let origin: string;
  let url: string;
  let context: BrowserContext;

  before(() => {
    origin = pagesOrigin();
    url = gatewaysOf(browserCluster())[0] as string;
  });
  beforeEach(async () => {
    context = await sharedBrowser().newContext();
  });
  afterEach(async () => {
    await context.close();
    await closeClients();
  });

  async function openTab({ session }: Person, room: string, options: object = {}): Promise<Tab> {
    const page = await context.newPage();
    const sockets: WebSocket[] = [];
    page.on('websocket', (socket) => void sockets.push(socket));
    await page.goto(origin);
    await page.evaluate(
      async ({ baseUrl, token, room, options }) => {
        window.view = [];
        window.client = new window.chatapi.ChatClient({ baseUrl, token });
        window.ws = window.client.websocket.connect(undefined, options);
        window.ws.on('message', (m: any) => {
          if (m.chat_id === room) window.view.push(m.content);
        });
        await window.ws.ready(60_000);
      },
      { baseUrl: url, token: session.access_token, room, options },
    );
    return { page, sockets };
  }

  const say = ({ page }: Tab, chat_id: string, content: string): Promise<void> =>
    page.evaluate(
      ([chat_id, content]) => window.ws.send({ chat_id, content }, { timeoutMs: 40_000 }).then(() => undefined),
      [chat_id, content] as const,
    );

  async function group(size: number): Promise<{ person: Person; room: string; tabs: Tab[] }> {
    const person = await someone(url);
    const { chat_id: room } = await person.client.chats.create({ visibility: 'private' });
    const tabs: Tab[] = [];
    for (let i = 0; i < size; i++) tabs.push(await openTab(person, room));
    return { person, room, tabs };
  }

  async function expectLog({ client }: Person, room: string, tabs: Tab[], count: number): Promise<void> {
    const log: string[] = [];
    for await (const { content } of client.messages.iterate({ chat_id: room, after_seq: 0 })) log.push(content);
    expect(log).to.have.length(count);
    for (const tab of tabs) {
      await until(async () => (await viewOf(tab)).length >= count, 'the whole log');
      expect(await viewOf(tab)).to.deep.equal(log);
    }
  }

  it('twenty-five have one connection, and each sees and sends everything once and in order', async () => {
    const { person, room, tabs } = await group(25);
    expect(openIn(tabs)).to.equal(1);
    await Promise.all(
      tabs.map(async (tab, i) => {
        for (const part of ['a', 'b']) await say(tab, room, `${i}${part}`);
      }),
    );
    await expectLog(person, room, tabs, 50);
    expect(openIn(tabs)).to.equal(1);
  });

  it('go on when the one that leads is closed in the middle of a stream', async () => {
    const { person, room, tabs } = await group(4);
    const leader = leaderOf(tabs);
    const rest = tabs.filter((tab) => tab !== leader);
    const streaming = Promise.all(
      rest.map(async (tab, i) => {
        for (let n = 0; n < 30; n++) await say(tab, room, `${i} ${n}`);
      }),
    );
    await until(async () => (await viewOf(rest[0] as Tab)).length > 10, 'the stream');
    await leader.page.close();
    await streaming;
    await expectLog(person, room, rest, 90);
    expect(openIn(rest)).to.equal(1);
  });

  /** What stops a page, and what lets it go on. */
  const STOPS: Record<string, [string, object?][]> = {
    'is frozen by the browser': [
      ['Page.setWebLifecycleState', { state: 'frozen' }],
      ['Page.setWebLifecycleState', { state: 'active' }],
    ],
    hangs: [['Debugger.pause'], ['Debugger.resume']],
  };
  for (const [what, [stop, goOn]] of Object.entries(STOPS) as [string, [string, object?][]][])
    it(`go on within seconds when the one that leads ${what}, and it follows when it is back`, async () => {
      const { person, room, tabs } = await group(3);
      const leader = leaderOf(tabs);
      const rest = tabs.filter((tab) => tab !== leader);
      await say(leader, room, 'before');
      const cdp = await context.newCDPSession(leader.page);
      const tell = ([method, params]: [string, object?]): Promise<unknown> =>
        cdp.send(method as 'Debugger.pause', params as never);
      await cdp.send('Debugger.enable');
      await tell(stop as [string, object?]);
      const began = Date.now();
      await say(rest[0] as Tab, room, 'while it is frozen');
      expect(Date.now() - began).to.be.below(20_000);
      await person.client.messages.send({ chat_id: room, content: 'by REST' });
      await expectLog(person, room, rest, 3);
      await tell(goOn as [string, object?]);
      await say(leader, room, 'thawed');
      await expectLog(person, room, tabs, 4);
      await until(async () => openIn(tabs) === 1, 'one connection');
    });

  it('have connections of their own as other users, and where the app wants it', async () => {
    const { person, room, tabs } = await group(1);
    const other = await someone(url);
    tabs.push(await openTab(other, room), await openTab(person, room, { shareTabs: false }));
    expect(openIn(tabs)).to.equal(3);
    await say(tabs[2] as Tab, room, 'for one of them');
    await expectLog(person, room, [tabs[0] as Tab, tabs[2] as Tab], 1);
    await sleep(200);
    expect(await viewOf(tabs[1] as Tab)).to.deep.equal([]);
  });
});
