// Imported by test files of the demo: they share a cluster with it, and a Chromium.
import type { Browser } from 'playwright-core';
import { dispose, startWithDemo, type TestCluster } from './cluster.ts';
import { openBrowser } from './sdk-pages.ts';

let cluster: TestCluster;
let browser: Browser;

// Outside of any suite these are hooks of the whole process, however many files import this one.
before(async function () {
  this.timeout(120_000);
  cluster = await startWithDemo();
  browser = await openBrowser();
});

after(async function () {
  this.timeout(90_000);
  await browser?.close();
  await dispose(cluster);
});

export const demoCluster = (): TestCluster => cluster;
export const demoBrowser = (): Browser => browser;
