// What two people do in the demo, in a real Chromium. Faults are in demo-faults.test.ts.
import { ChatClient } from '@chatapi/client';
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { appsBrowser, appsCluster } from '../support/apps-cluster.ts';
import { PNG } from '../support/images.ts';
import { until } from '../support/sdk-pages.ts';
import { openDemo, type Scene } from './scene.ts';

/** So that there is some progress to see. */
async function slowUploads(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  await session.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: 0,
    downloadThroughput: -1,
    uploadThroughput: 200_000,
  });
}

describe('the demo', function () {
  this.timeout(120_000);
  let scene: Scene;

  beforeEach(async () => {
    scene = await openDemo(appsBrowser(), appsCluster().url);
  });
  afterEach(async () => {
    const faults = await scene.faults();
    await scene.close();
    expect(faults).to.deep.equal([]);
  });

  it('has two people, each online and on another node', async () => {
    const { one, two } = scene;
    await Promise.all([one, two].map((side) => side.untilState('connected')));
    expect((await one.inspect()).node).not.to.equal((await two.inspect()).node);
    for (const side of [one, two])
      await until(async () => (await side.root.locator('.pane-head .presence.online').count()) === 1, 'presence');
  });

  it('shows a message with code and emoji at once, then that it was read', async () => {
    const { one, two } = scene;
    await one.say('Run `npm start`:\n```\nconst a = 1 < 2;\n```\n🚀');
    await two.root.locator('pre', { hasText: 'const a = 1 < 2;' }).waitFor();
    expect(await two.root.locator('code', { hasText: 'npm start' }).count()).to.equal(1);
    await one.row('const a').locator('[data-status="read"]').waitFor();
    await one.say('🎉');
    await two.root.locator('.content.big', { hasText: '🎉' }).waitFor();
  });

  it('makes a room of both, by keyboard', async () => {
    const { one, two } = scene;
    const name = one.root.getByLabel('New room');
    await name.press('Enter');
    await name.fill('Book club');
    await name.press('Enter');
    await one.root.getByRole('heading', { name: 'Book club' }).waitFor();
    expect(await name.inputValue()).to.equal('');
    await one.say('Which one first?');
    await two.room('Book club').click();
    await two.row('Which one first?').waitFor();
  });

  it('edits and deletes a message for both', async () => {
    const { one, two } = scene;
    await one.say('first version');
    await one.row('first version').locator('[data-status="read"]').waitFor();
    await one.field.press('ArrowUp');
    await until(async () => (await one.field.inputValue()) === 'first version', 'the text to edit');
    await one.say('second version');
    await two.row('second version').filter({ hasText: 'edited' }).waitFor();
    await one.row('second version').hover();
    await one.row('second version').getByRole('button', { name: 'Delete' }).click();
    await one.root.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await two.row('This message was deleted.').waitFor();
    expect(await two.row('second version').count()).to.equal(0);
  });

  it('adds a reaction and takes it back', async () => {
    const { one, two } = scene;
    await one.say('what do you think?');
    const row = two.row('what do you think?');
    await row.hover();
    await row.getByRole('button', { name: 'Add a reaction' }).click();
    await row.getByRole('button', { name: 'React with 🎉' }).click();
    const seen = one.row('what do you think?').getByRole('button', { name: '🎉, 1' });
    await seen.waitFor();
    expect(await seen.getAttribute('aria-pressed')).to.equal('false');
    await row.getByRole('button', { name: '🎉, 1' }).click();
    await seen.waitFor({ state: 'detached' });
  });

  it('has threads, whose replies both see', async () => {
    const { one, two } = scene;
    await one.say('a question');
    await two.row('a question').hover();
    await two.row('a question').getByRole('button', { name: 'Reply in thread' }).click();
    const reply = two.root.getByRole('textbox', { name: 'Write a reply' });
    await reply.fill('an answer');
    await reply.press('Enter');
    await one.root.locator('.thread-link', { hasText: '1 reply' }).click();
    await one.root.locator('.panel .message', { hasText: 'an answer' }).waitFor();
    await reply.press('Escape');
    expect(await two.root.locator('.panel').count()).to.equal(0);
  });

  it('shows who types, and who is unread in which room', async () => {
    const { one, two } = scene;
    const [ann, bob] = await scene.accounts();
    await one.field.pressSequentially('hel');
    await two.root.locator('.typing-line', { hasText: `${ann?.name} is typing` }).waitFor();
    await two.room('Coffee break').click();
    await one.say('you are elsewhere');
    await two.room('Launch week').locator('.badge', { hasText: '1' }).waitFor();
    await two.room('Launch week').click();
    await two.room('Launch week').locator('.badge').waitFor({ state: 'detached' });
    await one.room(bob?.name ?? '').click();
    await one.root.locator('.room-title', { hasText: 'online' }).waitFor();
  });

  it('sends pictures and files with their progress, and says why one is refused', async () => {
    const { one, two, page } = scene;
    const choose = async (name: string, mimeType: string, buffer: Buffer): Promise<void> => {
      await one.root.locator('input[type=file]').first().setInputFiles([{ name, mimeType, buffer }]);
      await one.button('Send').click();
    };
    await choose('plan.png', 'image/png', PNG);
    const image = two.root.locator('.picture img');
    await until(() => image.evaluate((element: any) => element.naturalWidth > 0), 'the picture');
    await slowUploads(page);
    await choose('notes.txt', 'text/plain', Buffer.alloc(300_000, 'a line of text\n'));
    await one.root.locator('progress').waitFor();
    await two.root.locator('a.file', { hasText: 'notes.txt' }).waitFor();
    await choose('run.exe', 'application/octet-stream', Buffer.from('MZ'));
    await one.root.locator('p.failed', { hasText: 'Not sent' }).waitFor();
    await one.button('Discard').click();
    expect(await one.root.locator('.failed').count()).to.equal(0);
  });

  it('finds a message far above, and jumps to it and back', async () => {
    const { one, page } = scene;
    const [ann] = await scene.accounts();
    const client = new ChatClient({ baseUrl: appsCluster().url, token: ann?.tokens.access_token });
    const room = (await client.chats.list()).items.find(({ name }) => name === 'Launch week');
    for (let i = 0; i < 120; i++)
      await client.messages.send({ chat_id: room?.chat_id, content: i === 3 ? 'a needle' : `hay ${i}` });
    await page.reload();
    await one.row('hay 119').waitFor();
    expect(await one.row('a needle').count()).to.equal(0);
    await one.button('Search').click();
    await one.root.getByRole('searchbox').fill('needle');
    await one.root.locator('.hit', { hasText: 'a needle' }).click();
    await until(() => one.root.locator('.message.found').isVisible(), 'the message');
    await one.button('Jump to the newest message').click();
    await until(() => one.row('hay 119').isVisible(), 'the end');
    await client.close();
  });

  it('keeps its people over a reload, and speaks German', async () => {
    const { one, page } = scene;
    const before = await scene.accounts();
    await one.say('before the reload');
    await one.row('before the reload').locator('[data-status="read"]').waitFor();
    await page.reload();
    await one.row('before the reload').waitFor();
    expect((await scene.accounts()).map(({ id }) => id)).to.deep.equal(before.map(({ id }) => id));
    await page.getByRole('button', { name: 'Deutsch' }).click();
    await one.button('Verbindung trennen').waitFor();
    expect(await page.locator('html').getAttribute('lang')).to.equal('de');
  });

  it('is used with the keyboard alone', async () => {
    const { one, two, page } = scene;
    await one.field.focus();
    await page.keyboard.type('by keyboard');
    await page.keyboard.press('Enter');
    await two.row('by keyboard').waitFor();
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Shift+Tab');
    for (let i = 0; i < 8 && !(await two.root.page().locator('.message:focus').count()); i++)
      await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowDown');
    expect(await page.locator('.message:focus').textContent()).to.include('by keyboard');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Enter');
    await two.row('by keyboard').locator('.reaction').waitFor();
  });
});
