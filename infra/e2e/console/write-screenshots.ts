// Writes pictures of every page of the console, in both themes, wide and narrow, into a folder that
// is named on the command line.
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { dispose, startWithApps } from '../support/cluster.ts';
import { openBrowser } from '../support/sdk-pages.ts';
import { furnish } from './console-pages.ts';
import { openConsole } from './console-scene.ts';

const folder = resolve(process.argv[2] ?? 'console-pictures');
mkdirSync(folder, { recursive: true });
const cluster = await startWithApps();
try {
  const browser = await openBrowser();
  const { pages } = await furnish(cluster.url);
  for (const colorScheme of ['light', 'dark'] as const)
    for (const width of [1280, 390]) {
      const viewport = { width, height: width === 390 ? 844 : 800 };
      const view = await openConsole(browser, cluster.url, undefined, { colorScheme, viewport });
      for (const [name, hash] of Object.entries(pages)) {
        await view.go(hash);
        await view.page.waitForTimeout(700);
        await view.page.screenshot({
          path: join(folder, `${name}-${width}-${colorScheme}.png`),
          fullPage: width === 390,
        });
      }
      await view.watched.close();
    }
  await browser.close();
} finally {
  await dispose(cluster);
}
