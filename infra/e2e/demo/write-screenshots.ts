// `npm run screenshots`: writes the pictures of the documents (demo and console), in both themes.
// With a folder, it writes pictures of every page of the console there.
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { REPO } from '@chatapi/local';
import type { Browser } from 'playwright-core';
import { allConsolePictures, consolePicture } from '../console/console-pictures.ts';
import { dispose, startWithApps } from '../support/cluster.ts';
import { openBrowser, until } from '../support/sdk-pages.ts';
import { openDemo } from './scene.ts';

const FOLDER = join(REPO, 'docs', 'images');
const MAX_BYTES = 150_000;

/** One of the two is cut, and both go on writing. */
async function picture(browser: Browser, url: string, colorScheme: 'light' | 'dark'): Promise<void> {
  const scene = await openDemo(browser, url, { colorScheme, viewport: { width: 1280, height: 720 } });
  const { one, two, page } = scene;
  await one.say('Green on all machines. Shipping at `14:00` ✅');
  await one.row('Green on all').locator('[data-status="read"]').waitFor();
  await two.row('Green on all').hover();
  await two.row('Green on all').getByRole('button', { name: 'Add a reaction' }).click();
  await two.row('Green on all').getByRole('button', { name: 'React with 🎉' }).click();
  await one.row('Green on all').getByRole('button', { name: '🎉, 1' }).waitFor();
  await two.button('Cut the connection').click();
  await two.untilState('cut');
  await two.say('The train is in a tunnel. I write on.');
  await one.say('Then I write on too.');
  await one.say('You get it when you are back.');
  await until(async () => (await one.inspect()).pending === 0, 'all is sent');
  await page.mouse.move(640, 10);
  await page.waitForTimeout(300);
  const file = join(FOLDER, colorScheme === 'light' ? 'demo.png' : 'demo-dark.png');
  await page.screenshot({ path: file });
  await scene.close();
  judge(file);
}

function judge(file: string): void {
  const { size } = statSync(file);
  if (size > MAX_BYTES) throw new Error(`${file} has ${size} bytes, at most ${MAX_BYTES}`);
  process.stdout.write(`${file}: ${size} bytes\n`);
}

async function ofConsole(browser: Browser, url: string): Promise<void> {
  const file = join(FOLDER, 'console.png');
  await consolePicture(browser, url, file);
  judge(file);
}

mkdirSync(FOLDER, { recursive: true });
const cluster = await startWithApps();
try {
  const browser = await openBrowser();
  const folder = process.argv[2];
  if (folder !== undefined) await allConsolePictures(browser, cluster.url, folder);
  else {
    for (const theme of ['light', 'dark'] as const) await picture(browser, cluster.url, theme);
    await ofConsole(browser, cluster.url);
  }
  await browser.close();
} finally {
  await dispose(cluster);
}
