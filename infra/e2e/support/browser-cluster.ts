// Imported by test files that use the TypeScript SDK in Chromium: they share a cluster that admits
// the origin of the pages, the pages and the browser.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser } from 'playwright-core';
import { dispose, ownCluster, type TestCluster } from './cluster.ts';
import { openBrowser, servePages } from './sdk-pages.ts';

let cluster: TestCluster;
let browser: Browser;
let pages: { server: Server; origin: string };

let examplePort: number;

/** An example application is started by its own command, which is told its port. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

// Outside of any suite these are hooks of the whole process, however many files import this one.
before(async function () {
  this.timeout(120_000);
  pages = await servePages();
  examplePort = await freePort();
  const ALLOWED_ORIGINS = `${pages.origin},${exampleOrigin()}`;
  cluster = await ownCluster({ ALLOWED_ORIGINS, ALLOWED_FILE_TYPES: '.jpg,.png,.pdf,.txt' });
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
export const exampleOrigin = (): string => `http://localhost:${examplePort}`;
