// Imported by test files of the demo and the guide: they share a cluster, and a Chromium.
import { buildGuide } from '@chatapi/local';
import type { Browser } from 'playwright-core';
import { dispose, startWithDemo, type TestCluster } from './cluster.ts';
import { openBrowser } from './sdk-pages.ts';

let cluster: TestCluster;
let browser: Browser;

// Outside of any suite these are hooks of the whole process, however many files import this one.
before(async function () {
  this.timeout(120_000);
  await buildGuide();
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
