// Pictures of the console: the one of its page in the documents, and every page for whoever changes
// how they look.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { furnish } from './console-pages.ts';
import { openConsole } from './console-scene.ts';

type Theme = 'light' | 'dark';

/** The queue of reports. */
export async function consolePicture(browser: Browser, url: string, colorScheme: Theme, file: string): Promise<void> {
  const { pages } = await furnish(url);
  const view = await openConsole(browser, url, undefined, { colorScheme, viewport: { width: 1280, height: 720 } });
  await view.go(pages.reports as string);
  await view.page.locator('.queue-item').first().waitFor();
  await view.page.waitForTimeout(500);
  await view.page.screenshot({ path: file });
  await view.watched.close();
}

/** Both themes, wide and narrow. */
export async function allConsolePictures(browser: Browser, url: string, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const { pages } = await furnish(url);
  for (const colorScheme of ['light', 'dark'] as const)
    for (const width of [1280, 390]) {
      const viewport = { width, height: width === 390 ? 844 : 800 };
      const view = await openConsole(browser, url, undefined, { colorScheme, viewport });
      for (const [name, hash] of Object.entries(pages)) {
        await view.go(hash);
        await view.page.waitForTimeout(700);
        await view.page.screenshot({ path: join(folder, `${name}-${width}-${colorScheme}.png`), fullPage: true });
      }
      await view.watched.close();
    }
}
