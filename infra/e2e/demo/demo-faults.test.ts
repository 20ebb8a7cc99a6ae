// What the demo promises: connections are cut and nodes killed while two people write, and nothing
// is lost, doubled or out of order. And how it looks: themes, sizes, accessibility.
import { ChatClient, type Message } from '@chatapi/client';
import { expect } from 'chai';
import { appsBrowser, appsCluster } from '../support/apps-cluster.ts';
import { until } from '../support/sdk-pages.ts';
import { openDemo, type Scene, type Side } from './scene.ts';

describe('the demo under faults, and its looks', function () {
  this.timeout(180_000);
  let scene: Scene;

  afterEach(() => scene?.close());

  /** The messages of the room that both have open, as the server's history has them. */
  async function history(): Promise<Message[]> {
    const [ann] = await scene.accounts();
    const client = new ChatClient({ baseUrl: appsCluster().url, token: ann?.tokens.access_token });
    const room = (await client.chats.list()).items.find(({ name }) => name === 'Launch week');
    const messages = await Array.fromAsync(client.messages.iterate({ chat_id: room?.chat_id as string, after_seq: 0 }));
    await client.close();
    return messages;
  }

  const isWritten = (text: string): boolean => /^(?:one|two) \d+$/.test(text);

  /** Both show the log: each message once, in its order. */
  async function expectTheLog(count: number): Promise<void> {
    const { one, two } = scene;
    const written = async (): Promise<string[]> => (await history()).map(({ content }) => content).filter(isWritten);
    await until(async () => (await written()).length >= count, `${count} messages`);
    const log = await written();
    expect(log).to.have.length(count);
    expect(new Set(log).size).to.equal(count);
    for (const name of ['one', 'two']) {
      const own = log.filter((text) => text.startsWith(name)).map((text) => Number(text.split(' ')[1]));
      expect(own).to.deep.equal(own.toSorted((a, b) => a - b));
    }
    const shown = async (side: Side): Promise<string[]> => (await side.texts()).filter(isWritten);
    for (const side of [one, two]) {
      await until(async () => (await shown(side)).length >= count && (await side.inspect()).pending === 0, 'all');
      expect(await shown(side)).to.deep.equal(log);
    }
  }

  it('keeps what is written without a connection, and gets what was missed', async () => {
    scene = await openDemo(appsBrowser(), appsCluster().url);
    const { one, two } = scene;
    await two.untilState('connected');
    await two.button('Cut the connection').click();
    await two.untilState('cut');
    const before = (await two.inspect()).position;
    for (let i = 0; i < 5; i++) {
      await one.say(`one ${i}`);
      await two.say(`two ${i}`);
    }
    await until(async () => (await one.inspect()).position === before + 5, 'the log moves on');
    const cut = await two.inspect();
    expect(cut).to.include({ position: before, pending: 5 });
    expect(await two.root.locator('.inspector').textContent()).to.include('5 behind');
    expect(await two.row('two 4').locator('[data-status="sending"]').count()).to.equal(1);
    expect(await one.row('two 0').count()).to.equal(0);
    await two.button('Reconnect').click();
    await two.untilState('connected');
    await expectTheLog(10);
    // Its own five may be among them.
    expect((await two.inspect()).resumed).to.match(/^(?:[5-9]|10) events in \d+ ms$/);
    await until(async () => (await one.inspect()).position === (await two.inspect()).position, 'the same position');
    expect(await scene.faults()).to.deep.equal([]);
  });

  it('loses and doubles nothing when a node is killed while somebody types, again and again', async () => {
    scene = await openDemo(appsBrowser(), appsCluster().url);
    const { one, two } = scene;
    await Promise.all([one, two].map((side) => side.untilState('connected')));
    let [ones, twos] = [0, 0];
    for (const victim of [one, two, one]) {
      const { node } = await victim.inspect();
      for (let i = 0; i < 3; i++) await one.say(`one ${ones++}`);
      await two.field.pressSequentially('tw');
      await victim.button('Kill my node').click();
      await victim.root.locator('.notice', { hasText: `${node} was killed with SIGKILL.` }).waitFor();
      await two.field.pressSequentially(`o ${twos++}`);
      await two.field.press('Enter');
      for (let i = 0; i < 3; i++) {
        await one.say(`one ${ones++}`);
        await two.say(`two ${twos++}`);
      }
      await Promise.all([one, two].map((side) => side.untilState('connected')));
    }
    await expectTheLog(ones + twos);
    expect(await scene.faults()).to.deep.equal([]);
  });

  it('shows the same to nobody but the page of this machine: no runner under another name', async () => {
    const page = async (host: string): Promise<string> => {
      const { request } = await import('node:http');
      return new Promise((resolve, reject) => {
        const req = request(`${appsCluster().url}/demo`, { headers: { host } }, async (res) =>
          resolve(Buffer.concat(await Array.fromAsync(res)).toString()),
        );
        req.on('error', reject).end();
      });
    };
    expect(await page('localhost:8000')).to.include('runner');
    expect(await page('rebound.example:8000'))
      .to.include('demo-settings')
      .and.not.include('runner');
  });

  for (const colorScheme of ['light', 'dark'] as const)
    for (const width of [1280, 390])
      it(`has no fault that axe finds, ${colorScheme}, ${width} px`, async () => {
        scene = await openDemo(appsBrowser(), appsCluster().url, { colorScheme, viewport: { width, height: 844 } });
        const { one } = scene;
        await one.say('a message with `code` and https://example.com');
        await one.row('a message').hover();
        await one.row('a message').getByRole('button', { name: 'Add a reaction' }).click();
        expect(await scene.axe()).to.deep.equal([]);
        await one
          .row('a message')
          .getByRole('button', { name: 'Reply in thread' })
          .or(one.button('Close'))
          .first()
          .click();
        await one.button('Search').click();
        await one.root.getByRole('searchbox').fill('message');
        await one.root.locator('.hit').first().waitFor();
        expect(await scene.axe()).to.deep.equal([]);
        if (width > 1000) return;
        await one.button('Close').last().click();
        await one.button('Back to the rooms').click();
        await one.room('General').waitFor();
        expect(await scene.axe()).to.deep.equal([]);
      });

  it('fits any width from 390 to 1600 px in both languages', async () => {
    scene = await openDemo(appsBrowser(), appsCluster().url);
    const { one, page } = scene;
    await one.say(`${'long'.repeat(80)} https://example.com/${'path/'.repeat(40)} \`${'code'.repeat(60)}\``);
    await page.locator('.content', { hasText: 'longlong' }).first().waitFor();
    for (const language of ['English', 'Deutsch']) {
      for (const width of [390, 480, 600, 768, 959, 960, 1100, 1280, 1600]) {
        await page.setViewportSize({ width, height: 800 });
        await page.waitForTimeout(100);
        expect(await scene.tooWide(), `${language} ${width}`).to.deep.equal([]);
      }
      if (language === 'English') await page.getByRole('button', { name: 'Deutsch' }).click();
    }
  });
});
