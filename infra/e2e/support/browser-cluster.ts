// Imported by test files that use the TypeScript SDK in Chromium: they share a cluster that admits
// the origin of the pages, the pages and the browser.
import type { Server } from 'node:http';
import type { Browser } from 'playwright-core';
import { dispose, ownCluster, type TestCluster } from './cluster.ts';
import { openBrowser, servePages } from './sdk-pages.ts';

let cluster: TestCluster;
let browser: Browser;
let pages: { server: Server; origin: string };

// Outside of any suite these are hooks of the whole process, however many files import this one.
before(async function () {
  this.timeout(120_000);
  pages = await servePages();
  cluster = await ownCluster({ ALLOWED_ORIGINS: pages.origin, ALLOWED_FILE_TYPES: '.jpg,.png,.pdf,.txt' });
  browser = await openBrowser();
});

after(async function () {
  this.timeout(90_000);
  await browser?.close();
  pages?.server.close();
  await dispose(cluster);
});

export const browserCluster = (): TestCluster => cluster;
export const sharedBrowser = (): Browser => browser;
export const pagesOrigin = (): string => pages.origin;
