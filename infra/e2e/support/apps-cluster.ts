// Imported by test files of the pages: they share a cluster that serves them, and a Chromium.
import type { Browser } from 'playwright-core';
import { dispose, startWithApps, type TestCluster } from './cluster.ts';
import { openBrowser } from './sdk-pages.ts';

let cluster: TestCluster;
let browser: Browser;

// Outside of any suite these are hooks of the whole process, however many files import this one.
before(async function () {
  this.timeout(120_000);
  cluster = await startWithApps();
  browser = await openBrowser();
});

after(async function () {
  this.timeout(90_000);
  await browser?.close();
  await dispose(cluster);
});

export const appsCluster = (): TestCluster => cluster;
export const appsBrowser = (): Browser => browser;
