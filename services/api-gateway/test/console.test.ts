import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { ask, startGateway, type TestGateway } from './harness.ts';

const BUILD = fileURLToPath(import.meta.resolve('@chatapi/console/package.json')).replace('package.json', 'build.ts');

describe('the admin console at the gateway', () => {
  const started: TestGateway[] = [];
  const gatewayWith = async (env: Record<string, string>): Promise<TestGateway> => {
    const gateway = await startGateway({ env });
    started.push(gateway);
    return gateway;
  };
  before(() => execFileSync(process.execPath, ['--conditions=source', BUILD]));
  afterEach(async () => {
    for (const gateway of started.splice(0)) await gateway.stop();
  });

  it('is a page under a strict policy in production too, with assets that browsers keep for good', async () => {
    const gateway = await gatewayWith({ NODE_ENV: 'production' });
    const { status, text, headers } = await ask(gateway, '/console');
    expect(status).to.equal(200);
    expect(headers['content-security-policy'])
      .to.include("default-src 'none'; script-src 'self'; style-src 'self';")
      .and.include("connect-src 'self';")
      .and.include("frame-ancestors 'none'")
      .and.include("require-trusted-types-for 'script'; trusted-types 'none'")
      .and.not.include('unsafe');
    expect(headers['cache-control']).to.equal('no-store');
    const assets = [...text.matchAll(/(?:src|href)="(\/console[^"]+)"/g)].map(([, path]) => path as string);
    expect(assets).to.have.length(2);
    for (const path of assets) {
      const asset = await ask(gateway, path);
      expect(asset.status, path).to.equal(200);
      expect(asset.headers['cache-control']).to.equal('public, max-age=31536000, immutable');
    }
    expect(text).not.to.match(/<script>|<style|\son\w+=/);
    for (const path of ['/console/assets/assets.json', '/console/assets/console-ZZZZ.js', '/console/x'])
      expect((await ask(gateway, path)).status, path).to.equal(404);
  });

  it('is off with CONSOLE=off, and then not linked from /', async () => {
    const accept = 'text/html';
    const on = await gatewayWith({});
    expect((await ask(on, '/', { headers: { accept } })).text).to.include('href="/console"');
    const off = await gatewayWith({ CONSOLE: 'off' });
    expect((await ask(off, '/', { headers: { accept } })).text).to.not.include('/console');
    for (const path of ['/console', '/console/', '/console/assets/console-AAAA.js'])
      expect((await ask(off, path)).json.code, path).to.equal('RESOURCE_NOT_FOUND');
  });
});
