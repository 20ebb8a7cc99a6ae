// Pages with the TypeScript SDK as one <script>, in a real Chromium.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium as findChromium, REPO } from '@chatapi/local';
import { type Browser, chromium } from 'playwright-core';

const SDK = '/packages/client/dist/chatapi-client.js';
export const EXAMPLE = '/examples/browser/index.html';
const EMPTY = `<!doctype html><script src="${SDK}"></script>`;

function buildSdk(): void {
  const dir = join(REPO, 'packages', 'client');
  execFileSync(join(REPO, 'node_modules', '.bin', 'tsc'), ['-b', dir]);
  execFileSync(process.execPath, ['build.ts'], { cwd: dir });
}

/** The SDK at its path, the example page, and an empty page with the SDK everywhere else. */
export async function servePages(): Promise<{ server: Server; origin: string }> {
  buildSdk();
  const server = createServer((req, res) => {
    const path = (req.url as string).split('?')[0] as string;
    const isScript = path === SDK;
    res.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html');
    res.end(isScript || path === EXAMPLE ? readFileSync(join(REPO, path)) : EMPTY);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

export function openBrowser(): Promise<Browser> {
  const { file, env } = findChromium((line) => void process.stdout.write(`${line}\n`));
  return chromium.launch({
    executablePath: file,
    env: env as Record<string, string>,
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
}

export async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  for (const end = Date.now() + 30_000; !(await condition()); await sleep(50))
    if (Date.now() > end) throw new Error(`it did not come: ${what}`);
}
