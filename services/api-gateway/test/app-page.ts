// What the pages of the console and the demo have in common.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { ask, startGateway, type TestGateway, type TestResponse } from './harness.ts';

/**
 * Builds the page before the tests, and stops gateways after each.
 * @param manifest URL of the page's package.json.
 * @returns starts a gateway.
 */
export function buildsPage(manifest: string): (env: Record<string, string>) => Promise<TestGateway> {
  const started: TestGateway[] = [];
  before(() => {
    execFileSync(process.execPath, ['--conditions=source', fileURLToPath(new URL('build.ts', manifest))]);
  });
  afterEach(async () => {
    for (const gateway of started.splice(0)) await gateway.stop();
  });
  return async (env) => {
    const gateway = await startGateway({ env });
    started.push(gateway);
    return gateway;
  };
}

/** Of the page, which has a strict policy, and two assets that browsers keep for good. */
export async function expectStrictPage(
  gateway: TestGateway,
  name: 'console' | 'demo',
): Promise<TestResponse['headers']> {
  const { status, text, headers } = await ask(gateway, `/${name}`);
  expect(status).to.equal(200);
  expect(headers['content-security-policy'])
    .to.include("default-src 'none'; script-src 'self'; style-src 'self';")
    .and.include("connect-src 'self';")
    .and.include("frame-ancestors 'none'")
    .and.include("require-trusted-types-for 'script'; trusted-types 'none'")
    .and.not.include('unsafe');
  const assets = [...text.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => path as string);
  expect(assets).to.have.length(2);
  for (const path of assets) {
    const asset = await ask(gateway, path);
    expect(asset.status, path).to.equal(200);
    expect(asset.headers['cache-control']).to.equal('public, max-age=31536000, immutable');
  }
  expect(text).not.to.match(/<script>|<style|\son\w+=/);
  for (const file of ['assets.json', 'sources', `${name}-ZZZZ.js`])
    expect((await ask(gateway, `/${name}/assets/${file}`)).status, file).to.equal(404);
  return headers;
}
